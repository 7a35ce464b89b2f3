#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/bayesian_mf_options.hpp>
#include <kindred/model/detail/bayes/population.hpp>
#include <kindred/model/detail/bayes/rating_posterior.hpp>
#include <kindred/model/detail/bayes/row_draws.hpp>
#include <kindred/model/detail/bayes/sampled_rows.hpp>
#include <kindred/model/detail/bayes/variates.hpp>
#include <kindred/model/detail/biased_side.hpp>
#include <kindred/model/detail/held_rmse.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/similarity.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stop_token>
#include <vector>

namespace kindred::detail {

/// A Markov chain, an epoch a sweep.
class bayesian_mf_trainer {
 public:
  /// All must outlive it.
  bayesian_mf_trainer(const dataset& train, const bayesian_mf_options& options,
                      const host_loop& loop, const std::stop_token& stop)
      : train_(train),
        options_(options),
        loop_(loop),
        stop_(stop),
        users_(train, axis::users, static_cast<std::size_t>(options.factors)),
        items_(train, axis::items, static_cast<std::size_t>(options.factors)),
        samples_{{users_, static_cast<std::size_t>(options.samples)},
                 {items_, static_cast<std::size_t>(options.samples)},
                 {},
                 {}} {
    start(users_, stream(0, draw::users));
    start(items_, stream(0, draw::items));
  }

  epoch_result run_epoch(int epoch) {
    const double squared = squared_errors(loop_, users_, items_, train_.mean(), false);
    const double precision = noise_precision(
        epoch, train_.has_weights() ? squared_errors(loop_, users_, items_, train_.mean(), true)
                                    : squared);
    const population users = step(epoch, users_, items_, precision);
    const population items = step(epoch, items_, users_, precision);
    store(epoch, precision, users, items);
    return {.squared_error = squared, .learning_rate = 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    const rating_posterior found = posterior();
    return held_rmse(loop_, validation, {train_, options_.clip},
                     [&](index u, index i) { return found.expected(u, i); });
  }

  void keep() { kept_ = samples_; }
  void restore() { samples_ = kept_; }

  [[nodiscard]] rating_posterior posterior() const {
    const auto draws = static_cast<double>(samples_.noise.size());
    return {train_.mean(),
            std::reduce(samples_.noise.begin(), samples_.noise.end(), 0.0) / draws,
            samples_.users.take(samples_.noise.size()),
            samples_.items.take(samples_.noise.size()),
            samples_.noise,
            samples_.user_precisions};
  }

 private:
  enum class draw : std::uint64_t { users, items, noise, user_people, item_people, strangers };
  struct samples {
    sample_store users;
    sample_store items;
    aligned_vector<float> noise;            ///< its variance in each
    aligned_vector<float> user_precisions;  ///< of the population in each, padded
  };

  void start(biased_side& side, const counter_rng& random) {
    constexpr double deviation = 0.1;
    side.fill(loop_, [&](std::size_t r, std::size_t n) {
      return deviation * random.normal(r * side.width() + n);
    });
  }

  [[nodiscard]] variates random(int sweep, draw purpose) const noexcept {
    return variates(stream(sweep, purpose));
  }
  [[nodiscard]] counter_rng stream(int sweep, draw purpose) const noexcept {
    return counter_rng(options_.seed, (static_cast<std::uint64_t>(sweep) << 8) |
                                          static_cast<std::uint64_t>(purpose));
  }

  /// From its Gamma distribution, given the errors; a priori its shape and its rate are 1/2.
  [[nodiscard]] double noise_precision(int sweep, double errors) const {
    if (options_.noise_precision > 0) return options_.noise_precision;
    const auto count = static_cast<double>(train_.size());
    return random(sweep, draw::noise).gamma((1 + count) / 2) / ((1 + errors) / 2);
  }

  /// The population of a side, then its rows.
  [[nodiscard]] population step(int sweep, biased_side& own, const biased_side& other,
                                double precision) {
    variates of_people = random(sweep, own.items ? draw::item_people : draw::user_people);
    population people({}, totals_of(loop_, own), of_people);
    const row_conditions given{people.mean(), people.precision(), precision, train_.mean()};
    const counter_rng of_rows = stream(sweep, own.items ? draw::items : draw::users);
    row_draws(loop_, own, other, given, of_rows, stop_).run();
    return people;
  }

  /// Within the burn-in the last sweep is all that there is; it gives way to the first sample.
  void store(int sweep, double precision, const population& users, const population& items) {
    const int later = sweep - options_.burn_in;
    if (later > 0 && later % options_.thinning != 0) return;
    const int at = std::max(0, later / options_.thinning - 1);
    variates strangers = random(sweep, draw::strangers);
    samples_.users.store(loop_, users_, users, strangers, static_cast<std::size_t>(at));
    samples_.items.store(loop_, items_, items, strangers, static_cast<std::size_t>(at));
    samples_.noise.resize(static_cast<std::size_t>(at));
    samples_.noise.push_back(static_cast<float>(1 / precision));
    store_precision(users.precision(), static_cast<std::size_t>(at));
  }

  void store_precision(const square_matrix& precision, std::size_t at) {
    const std::size_t width = padded_factors(precision.size());
    samples_.user_precisions.resize(at * width * width);
    samples_.user_precisions.resize((at + 1) * width * width, 0.0F);
    float* const to = samples_.user_precisions.data() + at * width * width;
    for (std::size_t i = 0; i < precision.size(); ++i)
      for (std::size_t j = 0; j < precision.size(); ++j)
        to[i * width + j] = static_cast<float>(precision(i, j));
  }

  const dataset& train_;
  const bayesian_mf_options& options_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  biased_side users_;
  biased_side items_;
  samples samples_;
  samples kept_;
};

}  // namespace kindred::detail
