#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/detail/svd/svdpp_trainer.hpp>
#include <kindred/model/detail/svd/time_table.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace kindred::detail {

/// What timeSVD++ has learned, ready to predict: rows of users are as at the end of the training
/// data, and move with their drifts.
struct drifting_factors {
  time_table times;
  double mean = 0;
  std::size_t factors = 0;
  shared_array<float> user_vectors;
  shared_array<float> drifts;  ///< users x factors
  shared_array<float> item_vectors;
  shared_array<float> user_biases;
  shared_array<float> slopes;  ///< of the biases of users
  shared_array<float> days;    ///< of the days of users
  shared_array<float> item_biases;
  shared_array<float> bins;        ///< items x bins
  shared_array<float> end_biases;  ///< of items at the end of the training data

  drifting_factors() = default;
  drifting_factors(const svdpp_trainer& trainer, const time_table& table, const dataset& train)
      : times(table), mean(train.mean()) {
    const svdpp_parameters& found = trainer.parameters();
    factors = trainer.factors();
    aligned_vector<float> users = trainer.without_padding(trainer.user_vectors());
    drifts = trainer.without_padding(found.drifts);
    for (std::size_t u = 0; u < found.user_biases.size(); ++u)
      kernel::axpy(times.drift(static_cast<index>(u), times.end()), drifts.data() + u * factors,
                   factors, users.data() + u * factors);
    user_vectors = std::move(users);
    item_vectors = trainer.without_padding(found.items);
    user_biases = found.user_biases;
    slopes = found.slopes;
    days = found.days;
    item_biases = found.item_biases;
    bins = found.bins;
    set_end_biases();
  }

  [[nodiscard]] index num_users() const noexcept { return static_cast<index>(user_biases.size()); }
  [[nodiscard]] index num_items() const noexcept { return static_cast<index>(item_biases.size()); }
  [[nodiscard]] const float* user(index u) const noexcept {
    return user_vectors.data() + static_cast<std::size_t>(u) * factors;
  }
  [[nodiscard]] const float* item(index i) const noexcept {
    return item_vectors.data() + static_cast<std::size_t>(i) * factors;
  }

  /// Not held to a range. What is not known of an index is left out.
  [[nodiscard]] double rating(index u, index i, std::int64_t time) const noexcept {
    const bool known_user = u >= 0 && u < num_users();
    const bool known_item = i >= 0 && i < num_items();
    double sum = mean;
    if (known_user) {
      const auto at = static_cast<std::size_t>(u);
      const index day = times.day(u, time);
      sum += static_cast<double>(user_biases[at] + slopes[at] * times.drift(u, time));
      if (day >= 0) sum += static_cast<double>(days[static_cast<std::size_t>(day)]);
    }
    if (known_item) {
      const auto at = static_cast<std::size_t>(i);
      sum += static_cast<double>(item_biases[at] + bins[at * times.bins() + times.bin(time)]);
    }
    if (!known_user || !known_item) return sum;
    const float moved = times.drift(u, time) - times.drift(u, times.end());
    const float* const drift = drifts.data() + static_cast<std::size_t>(u) * factors;
    return sum + static_cast<double>(kernel::dot(user(u), item(i), factors) +
                                     moved * kernel::dot(drift, item(i), factors));
  }

  void set_end_biases() {
    aligned_vector<float> biases(item_biases.begin(), item_biases.end());
    for (std::size_t i = 0; i < biases.size(); ++i)
      biases[i] += bins[i * times.bins() + times.bin(times.end())];
    end_biases = std::move(biases);
  }
};

}  // namespace kindred::detail
