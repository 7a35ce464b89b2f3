#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/detail/checked_lists.hpp>
#include <kindred/model/detail/linear/slim_trainer.hpp>
#include <kindred/model/detail/rated_items.hpp>
#include <kindred/model/detail/sparse_rows.hpp>
#include <kindred/model/slim_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// The sparse linear method: scores are X W, where each column of W minimises
///   1/2 || x_j - X w ||^2 + l2/2 || w ||^2 + l1 || w ||_1  with  w >= 0 and w_j = 0,
/// X being the users by items matrix of interactions (Ning, Karypis, "SLIM: sparse linear methods
/// for top-N recommender systems", ICDM 2011). Only items that a user has in common have a
/// weight, which is no restriction where neither weights nor ratings may be negative. A model for
/// ranking; it predicts no ratings.
///
/// Training costs O(sum of squared user counts) and then, for each item, some passes over the pairs
/// of the few items that get a weight; in parallel over items. It holds 8 bytes for each ordered
/// pair of items rated together, the model 8 for each weight. What was fitted is immutable and
/// shared by copies, with the training data's lists of items; all const members are safe from any
/// thread.
class slim {
 public:
  static constexpr std::string_view kind = "slim";

  /// Throws option_error for an option outside its range.
  explicit slim(const slim_options& options = {}) : options_(options) { check_options(options_); }

  /// Solves for the weights in one pass, an epoch to observers; the same bits on any number of
  /// threads and on every host backend. On any exception the model stays as it was. The training
  /// error in reports is over all pairs of users and items, one without a rating counting as 0; the
  /// validation error is over the validation ratings.
  /// Throws data_error if there are no ratings, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    const training_plan plan{.model = kind, .epochs = 1, .ratings = train.size()};
    if (train.empty()) throw data_error("slim: no ratings to fit");
    detail::slim_trainer<Backend> trainer(backend, train, options_, fit.stop);
    fit_history history = train_epochs(trainer, plan, fit);
    weights_ = trainer.weights();
    rated_ = trainer.take_rated();
    return history;
  }

  /// The user's row of X W; zeros for a user who is unknown or rated nothing. `scores` has
  /// num_items() elements. O(items + weights of the items rated).
  void score(index user, std::span<float> scores) const noexcept {
    add_up(rated_.of(user), scores);
  }

  /// The same for someone who was not in the training data, from some items with their ratings,
  /// which may be left out (empty) if `values` is interaction_value::one. An unknown item is
  /// skipped. Precondition: values.size() == items.size() unless it is empty.
  void score(std::span<const index> items, std::span<const float> values,
             std::span<float> scores) const noexcept {
    add_up({items, options_.values == interaction_value::one ? std::span<const float>() : values},
           scores);
  }

  /// The items whose scores an interaction with `item` raises most, by the weights, best first; a
  /// part of `best`. None for an unknown item. O(weights of the item).
  std::span<scored_item> similar_items(index item, std::span<scored_item> best) const noexcept {
    top_k_selector selector(best);
    if (item >= 0 && item < num_items())
      for (const auto [other, weight] : weights(item))
        if (weight > 0) selector.push({other, weight});
    return selector.finish();
  }

  [[nodiscard]] bool fitted() const noexcept { return weights_.size() > 0; }
  [[nodiscard]] index num_users() const noexcept { return rated_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return static_cast<index>(weights_.size()); }
  /// How many weights are not 0.
  [[nodiscard]] std::size_t num_weights() const noexcept { return weights_.columns.size(); }
  /// Row `item` of W: what an interaction with it adds to the scores of which items.
  /// Precondition: 0 <= item < num_items().
  [[nodiscard]] rating_list weights(index item) const noexcept {
    const auto row = weights_[static_cast<std::size_t>(item)];
    return {row.columns, row.numbers[0]};
  }
  [[nodiscard]] const slim_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp): weights and lists of rated items.
  template <class Writer>
  void write(Writer& out) const {
    if (!fitted()) throw not_fitted_error(kind);
    write_options(out, options_);
    out.add("weight_offsets", weights_.offsets, {weights_.offsets.size()});
    out.add("weight_items", weights_.columns, {weights_.columns.size()});
    out.add("weights", weights_.numbers[0], {weights_.columns.size()});
    rated_.write(out);
  }
  template <class Reader>
  [[nodiscard]] static slim read(const Reader& in) {
    slim model(read_options<slim_options>(in));
    auto& weights = model.weights_;
    weights.offsets = in.template array<std::uint64_t>("weight_offsets");
    weights.columns = in.template array<index>("weight_items");
    weights.numbers = {in.template array<float>("weights", {weights.columns.size()})};
    detail::check_lists(weights.offsets, weights.columns, weights.size(), "the weights");
    model.rated_ = detail::rated_items::read(in, model.options_.values == interaction_value::rating,
                                             weights.size());
    return model;
  }

 private:
  void add_up(const detail::item_values& rated, std::span<float> scores) const noexcept {
    std::fill(scores.begin(), scores.end(), 0.0F);
    for (std::size_t k = 0; k < rated.items.size(); ++k) {
      if (rated.items[k] < 0 || rated.items[k] >= num_items()) continue;
      for (const auto [item, weight] : weights(rated.items[k]))
        scores[static_cast<std::size_t>(item)] += rated.value(k) * weight;
    }
  }

  slim_options options_;
  detail::sparse_rows<1> weights_;
  detail::rated_items rated_;
};

}  // namespace kindred
