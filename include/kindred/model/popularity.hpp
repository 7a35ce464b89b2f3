#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// What makes an item popular.
enum class popularity_order {
  ratings,     ///< how many ratings it has
  damped_mean  ///< how high they are: `popularity_options::damping`
};

/// Options of `popularity_model`.
struct popularity_options {
  popularity_order order = popularity_order::ratings;
  /// How many ratings at the mean of all are added to those of each item before taking its own
  /// mean, >= 0; without them an item with one high rating would be the best of all.
  double damping = 10;

  friend bool operator==(const popularity_options&, const popularity_options&) = default;
};

template <maybe_const<popularity_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("order", o.order);
  field("damping", o.damping);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const popularity_options& o) {
  require_option(o.order == popularity_order::ratings || o.order == popularity_order::damped_mean,
                 "order", static_cast<int>(o.order), "{ratings, damped_mean}");
  require_option(o.damping >= 0 && o.damping < 1e9, "damping", o.damping, "[0, 1e9)");
}

/// The same ranking for everyone: items by their number of ratings or by their damped mean. What
/// any other model has to beat, and what to show to a user about whom nothing is known. Weights are
/// not used.
///
/// Training costs O(ratings) and holds 12 bytes an item. What was fitted is immutable and shared by
/// copies; all const members are safe from any thread.
class popularity_model {
 public:
  static constexpr std::string_view kind = "popularity_model";

  /// Throws option_error for an option outside its range.
  explicit popularity_model(const popularity_options& options = {}) : options_(options) {
    check_options(options_);
  }

  /// Counts in one pass, an epoch to observers; the same bits on any number of threads and on every
  /// host backend. On any exception the model stays as it was.
  /// Throws data_error if there are no ratings, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {});

  /// The damped mean of the item's ratings, (damping * mean + sum of r) / (damping + number of
  /// ratings), whatever the order; the mean of all ratings for an unknown item.
  [[nodiscard]] float predict(index /*user*/, index item) const noexcept {
    return static_cast<float>(
        detail::biased_mean(mean_, {}, item_biases_.span(), unknown_index, item));
  }

  /// The number of ratings of each item, or its damped mean less the mean of all. `scores` has
  /// num_items() elements.
  void score(index /*user*/, std::span<float> scores) const noexcept {
    const bool by_mean = options_.order == popularity_order::damped_mean;
    const shared_array<float>& from = by_mean ? item_biases_ : item_counts_;
    std::copy_n(from.begin(), std::min(scores.size(), from.size()), scores.begin());
  }

  [[nodiscard]] bool fitted() const noexcept { return !item_biases_.empty(); }
  /// The users of the training data, though all get the same.
  [[nodiscard]] index num_users() const noexcept { return num_users_; }
  [[nodiscard]] index num_items() const noexcept { return static_cast<index>(item_biases_.size()); }
  [[nodiscard]] double mean() const noexcept { return mean_; }
  /// Numbers of ratings; exact up to 2^24.
  [[nodiscard]] std::span<const float> item_counts() const noexcept { return item_counts_.span(); }
  /// Damped means less the mean of all.
  [[nodiscard]] std::span<const float> item_biases() const noexcept { return item_biases_.span(); }
  [[nodiscard]] const popularity_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const {
    if (!fitted()) throw not_fitted_error(kind);
    write_options(out, options_);
    out.set("mean", mean_);
    out.set("users", num_users_);
    out.add("item_counts", item_counts_, {item_counts_.size()});
    out.add("item_biases", item_biases_, {item_biases_.size()});
  }
  template <class Reader>
  [[nodiscard]] static popularity_model read(const Reader& in) {
    popularity_model model(read_options<popularity_options>(in));
    model.mean_ = in.template get<double>("mean");
    model.num_users_ = in.template get<index>("users");
    require_option(model.num_users_ >= 0, "users", model.num_users_, "[0, 2147483647]");
    const std::size_t items = in.rows("item_biases");
    model.item_counts_ = in.template array<float>("item_counts", {items});
    model.item_biases_ = in.template array<float>("item_biases", {items});
    return model;
  }

 private:
  template <class Backend>
  class trainer;

  popularity_options options_;
  index num_users_ = 0;
  double mean_ = 0;
  shared_array<float> item_counts_;
  shared_array<float> item_biases_;
};

template <class Backend>
class popularity_model::trainer {
 public:
  trainer(const Backend& backend, const dataset& train, double damping)
      : counts(static_cast<std::size_t>(train.num_items())),
        biases(counts.size()),
        backend_(backend),
        train_(train),
        damping_(damping) {}

  epoch_result run_epoch(int /*epoch*/) {
    backend_.for_range(biases.size(), [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) {
        const rating_list ratings = train_.by_item(static_cast<index>(i));
        double above_mean = 0;
        for (const float value : ratings.values())
          above_mean += static_cast<double>(value) - train_.mean();
        const auto count = static_cast<double>(ratings.size());
        counts[i] = static_cast<float>(count);
        biases[i] = ratings.empty() ? 0 : static_cast<float>(above_mean / (damping_ + count));
      }
    });
    const double rmse = validation_rmse(train_);
    return {rmse * rmse * static_cast<double>(train_.size()), 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& ratings) const {
    return detail::rmse_of(backend_, ratings, [&](index u, index i) {
      return detail::biased_mean(train_.mean(), {}, biases, u, i);
    });
  }

  // There is but one epoch, so never another to go back to.
  void keep() const noexcept {}
  void restore() const noexcept {}

  aligned_vector<float> counts;
  aligned_vector<float> biases;

 private:
  Backend backend_;
  const dataset& train_;
  double damping_;
};

template <host_backend Backend>
fit_history popularity_model::fit(const dataset& train, const fit_options& fit,
                                  const Backend& backend) {
  const training_plan plan{.model = kind, .epochs = 1, .ratings = train.size()};
  if (train.empty()) throw data_error("popularity_model: no ratings to fit");
  trainer<Backend> counter(backend, train, options_.damping);
  fit_history history = train_epochs(counter, plan, fit);
  shared_array<float> counts(std::move(counter.counts));
  shared_array<float> biases(std::move(counter.biases));
  item_counts_ = std::move(counts);
  item_biases_ = std::move(biases);
  num_users_ = train.num_users();
  mean_ = train.mean();
  return history;
}

}  // namespace kindred
