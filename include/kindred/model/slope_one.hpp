#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/slope_one_table.hpp>
#include <kindred/model/detail/slope_one_trainer.hpp>
#include <kindred/model/slope_one_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// Predicts from how much higher, on average, one item is rated than another (Lemire, Maclachlan,
/// "Slope one predictors for online rating-based collaborative filtering", SDM 2005). With
/// dev_ij the mean of r_i - r_j over the c_ij users who rated both items, and j running over the
/// user's items with such a mean,
///   plain     user's mean + mean of dev_ij
///   weighted  sum of c_ij (dev_ij + r_uj) / sum of c_ij
/// The package Surprise has the first. Weights of ratings are not used.
///
/// Training costs O(sum of squared user counts), in parallel, and holds 12 bytes for each ordered
/// pair of items that enough users rated both, twice of it at its end. Predicting one rating costs
/// O(n log m) for a user's n items and an item's m pairs; `score` costs the pairs of the user's
/// items. What was fitted is immutable and shared by copies, with the training data's ratings; all
/// const members are safe from any thread.
class slope_one {
 public:
  static constexpr std::string_view kind = "slope_one";

  /// Throws option_error for an option outside its range.
  explicit slope_one(const slope_one_options& options = {}) : options_(options) {
    check_options(options_);
  }

  /// Finds the deviations in one pass, an epoch to observers; the same bits on any number of
  /// threads and on every host backend. On any exception the model stays as it was.
  /// Throws data_error if there are no ratings, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    const training_plan plan{.model = kind, .epochs = 1, .ratings = train.size()};
    if (train.empty()) throw data_error("slope_one: no ratings to fit");
    detail::slope_one_trainer<Backend> trainer(backend, train, options_, fit.stop);
    fit_history history = train_epochs(trainer, plan, fit);
    table_ = trainer.take();
    low_ = train.min_value();
    high_ = train.max_value();
    return history;
  }

  /// The expected rating, held to the range of the training ratings unless `clip` is off. The
  /// user's mean for an item that nobody rated together with one of the user's, or that is unknown;
  /// for a user who is unknown or rated nothing, the item's mean; the mean of all if that is
  /// unknown, too.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    const auto rating = static_cast<float>(table_.predict(user, item));
    return options_.clip ? std::max(low_, std::min(rating, high_)) : rating;
  }

  /// The expected ratings, not held. `scores` has num_items() elements.
  void score(index user, std::span<float> scores) const noexcept {
    table_.predict_all(user, scores);
  }

  [[nodiscard]] bool fitted() const noexcept { return !table_.item_means.empty(); }
  [[nodiscard]] index num_users() const noexcept { return table_.rated.num_users(); }
  [[nodiscard]] index num_items() const noexcept {
    return static_cast<index>(table_.item_means.size());
  }
  [[nodiscard]] double mean() const noexcept { return table_.mean; }
  [[nodiscard]] const slope_one_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp): deviations and the users' ratings.
  template <class Writer>
  void write(Writer& out) const {
    if (!fitted()) throw not_fitted_error(kind);
    write_options(out, options_);
    out.set("min_value", low_);
    out.set("max_value", high_);
    table_.write(out);
  }
  template <class Reader>
  [[nodiscard]] static slope_one read(const Reader& in) {
    slope_one model(read_options<slope_one_options>(in));
    model.low_ = in.template get<float>("min_value");
    model.high_ = in.template get<float>("max_value");
    model.table_ = detail::slope_one_table::read(in, model.options_.scheme);
    return model;
  }

 private:
  slope_one_options options_;
  float low_ = -std::numeric_limits<float>::infinity();
  float high_ = std::numeric_limits<float>::infinity();
  detail::slope_one_table table_;
};

}  // namespace kindred
