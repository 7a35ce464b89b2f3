#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/external_id.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/serve/detail/folded_ratings.hpp>
#include <kindred/serve/detail/live/nearest.hpp>
#include <kindred/serve/detail/live/served_state.hpp>
#include <kindred/serve/detail/live/state_ranker.hpp>
#include <kindred/serve/detail/ranking.hpp>
#include <kindred/serve/filter.hpp>
#include <kindred/serve/prediction.hpp>
#include <kindred/serve/reasons.hpp>
#include <kindred/serve/recommendations.hpp>
#include <kindred/serve/recommender.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace kindred {

/// What a `live_recommender` knew at one moment. Immutable: every member is safe from any thread,
/// and answers that must agree with each other come from one snapshot. It answers as `recommender`
/// does, with these differences:
/// - "the training data" are all ratings up to that moment;
/// - the popularity ranking counts them all;
/// - a model that does not solve rows (see `row_solving_model`) ranks neither users nor items that
///   came after it was fitted: they get, and are in, the popularity ranking only.
template <ranking_model Model>
class live_snapshot {
 public:
  explicit live_snapshot(detail::live::served_state<Model> state) : state_(std::move(state)) {}

  /// The best k items for a user. O(items x factors) for a latent model.
  template <external_id Id>
  [[nodiscard]] recommendations recommend(const Id& user, std::size_t k,
                                          const recommend_options& options = {}) const {
    const index u = users().find_or_unknown(user);
    return std::move(detail::rank(ranker(), {&u, 1}, k, options).front());
  }
  /// The same for each of a contiguous range of user ids, in parallel and in blocks.
  template <external_ids Ids>
  [[nodiscard]] std::vector<recommendations> recommend(
      const Ids& users, std::size_t k, const recommend_options& options = {}) const {
    return detail::rank(ranker(), detail::indices_of(users, this->users()), k, options);
  }

  /// The best k items for someone of whom nothing is kept, from some ratings.
  template <class Ratings>
  requires row_solving_model<Model>
  [[nodiscard]] recommendations recommend_from(const Ratings& ratings, std::size_t k,
                                               const recommend_options& options = {}) const;
  [[nodiscard]] recommendations recommend_from(
      std::initializer_list<item_rating> ratings, std::size_t k,
      const recommend_options& options = {}) const requires row_solving_model<Model> {
    return recommend_from(std::span<const item_rating>(ratings), k, options);
  }

  template <external_id Id>
  requires latent_model<Model> || item_similarity_model<Model>
  [[nodiscard]] recommendations similar_items(const Id& item, std::size_t k) const {
    if constexpr (row_solving_model<Model>)
      return detail::live::nearest_items(state_, items().find_or_unknown(item), k);
    else
      return base().similar_items(item, k);
  }
  template <external_id Id>
  requires latent_model<Model> || user_similarity_model<Model>
  [[nodiscard]] recommendations similar_users(const Id& user, std::size_t k) const {
    if constexpr (row_solving_model<Model>)
      return detail::live::nearest_users(state_, users().find_or_unknown(user), k);
    else
      return base().similar_users(user, k);
  }

  /// The rating that the model expects. Allocates nothing.
  template <external_id User, external_id Item>
  requires rating_model<Model>
  [[nodiscard]] prediction predict(const User& user, const Item& item) const noexcept {
    return predict_index(users().find_or_unknown(user), items().find_or_unknown(item));
  }
  /// The same for each of a contiguous range of item ids, in their order.
  template <external_id User, external_ids Items>
  requires rating_model<Model>
  [[nodiscard]] std::vector<item_prediction> predict(const User& user, const Items& items) const {
    const index u = users().find_or_unknown(user);
    std::vector<item_prediction> predictions;
    predictions.reserve(std::size(items));
    for (const auto& item : items) {
      const prediction p = predict_index(u, this->items().find_or_unknown(item));
      predictions.push_back({detail::id_text(item), p.rating, p.status});
    }
    return predictions;
  }

  /// Fills `best` for a dense user index, as `recommender::top_k`. Allocates nothing.
  std::size_t top_k(index user, std::span<scored_item> best,
                    bool exclude_seen = true) const noexcept requires row_solving_model<Model>;

  /// All ids so far. Indices are the same in every later snapshot.
  [[nodiscard]] const id_map& users() const noexcept { return state_.users; }
  [[nodiscard]] const id_map& items() const noexcept { return state_.items; }
  /// What a user has rated: items ascending; none for an unknown index.
  [[nodiscard]] std::span<const index> seen(index user) const noexcept { return state_.seen(user); }
  /// How many ratings an item has; 0 for an unknown index.
  [[nodiscard]] std::size_t popularity(index item) const noexcept {
    return item < 0 ? 0
                    : static_cast<std::size_t>(state_.popularity[static_cast<std::size_t>(item)]);
  }
  /// The model as it was last fitted or compacted, without what came since.
  [[nodiscard]] const recommender<Model>& base() const noexcept { return *state_.base; }
  /// Counts the snapshots of a `live_recommender`, from 1.
  [[nodiscard]] std::uint64_t version() const noexcept { return state_.version; }

  /// What it is made of.
  [[nodiscard]] const detail::live::served_state<Model>& state() const noexcept { return state_; }

 private:
  [[nodiscard]] detail::live::state_ranker<Model> ranker() const noexcept {
    return detail::live::state_ranker<Model>(state_);
  }

  /// A model that does not solve rows does not know who came after it.
  [[nodiscard]] prediction predict_index(index user, index item) const noexcept {
    const bool rows = row_solving_model<Model>;
    const bool known_user = user >= 0 && (rows || user < state_.model().num_users());
    const bool known_item = item >= 0 && (rows || item < state_.model().num_items());
    const auto status =
        known_user
            ? (known_item ? prediction_status::known : prediction_status::unknown_item)
            : (known_item ? prediction_status::unknown_user : prediction_status::unknown_both);
    return {state_.predict(user, item), status};
  }

  detail::live::served_state<Model> state_;
};

template <ranking_model Model>
template <class Ratings>
requires row_solving_model<Model> recommendations live_snapshot<Model>::recommend_from(
    const Ratings& ratings, std::size_t k, const recommend_options& options)
const {
  detail::folded_ratings known(ratings, items());
  const detail::item_filter filter(options, items());
  const std::size_t room = std::min(k, filter.limit(items().size()));
  if (known.items.empty())
    return detail::rank_popular(ranker(), room, filter, {}, std::move(known.unknown));
  std::vector<rated_entry<typename Model::scalar_type>> rated;
  for (std::size_t n = 0; n < known.items.size(); ++n)
    rated.push_back({state_.item_entry(known.items[n]), known.ratings[n]});
  const auto row = state_.model().user_solver().solve(rated);
  std::vector<scored_item> ranked(room);
  top_k_selector selector(ranked);
  const auto* const factors = row.factors.data();
  const std::span<const index> seen = known.items;
  const detail::item_filter::check check(filter,
                                         options.exclude_seen ? seen : std::span<const index>());
  ranker().select_for_rows({&factors, 1}, filter.subset(),
                           [&](std::size_t, index item) { return check(item); }, {&selector, 1});
  ranked.resize(selector.finish().size());
  return {items(), std::move(ranked), false, std::move(known.unknown)};
}

template <ranking_model Model>
std::size_t live_snapshot<Model>::top_k(index user, std::span<scored_item> best, bool exclude_seen)
    const noexcept requires row_solving_model<Model> {
  top_k_selector selector(best);
  const auto seen = state_.seen(user);
  if (seen.empty()) {
    ranker().select_popular(
        std::nullopt, [](index) { return true; }, selector);
    return selector.finish().size();
  }
  const auto* const row = state_.user_entry(user).factors;
  ranker().select_for_rows({&row, 1}, std::nullopt,
                           [&](std::size_t, index item) {
                             return !exclude_seen || !std::ranges::binary_search(seen, item);
                           },
                           {&selector, 1});
  return selector.finish().size();
}

}  // namespace kindred
