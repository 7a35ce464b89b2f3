#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/external_id.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/explanation.hpp>
#include <kindred/model/similarity.hpp>
#include <kindred/serve/detail/folded_ratings.hpp>
#include <kindred/serve/detail/item_scan.hpp>
#include <kindred/serve/detail/model_ranker.hpp>
#include <kindred/serve/detail/neighbors.hpp>
#include <kindred/serve/detail/ranking.hpp>
#include <kindred/serve/detail/seen_items.hpp>
#include <kindred/serve/filter.hpp>
#include <kindred/serve/item_storage.hpp>
#include <kindred/serve/prediction.hpp>
#include <kindred/serve/reasons.hpp>
#include <kindred/serve/recommendations.hpp>
#include <kindred/serve/top_k.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// A model that can place a user it was not trained on, from some ratings.
template <class Model>
concept folding_model = latent_model<Model> &&
    requires(const Model& model, std::span<const index> items, std::span<const float> ratings) {
  {
    model.fold_in(items, ratings)
    } -> std::convertible_to<std::vector<typename Model::scalar_type>>;
};

/// Serves a fitted model by external ids. It shares the ids and the lists of seen items with the
/// training data, not the ratings. Immutable: every member is safe from any thread.
///
///   const kindred::recommender recommender{std::move(model), train};
///   for (const auto& [item, score] : recommender.recommend("42", 10)) ...
///
/// An id is text or an integer; "42" and 42 are the same. An unknown one is an answer, not an
/// error: an unknown user, and a user without training ratings, gets the popularity ranking, with
/// `cold_start()` set. Rankings are exact, with ties to the item of lower index; they hold fewer
/// than k lines if fewer items may be recommended, and none for k = 0.
template <ranking_model Model>
class recommender {
 public:
  using model_type = Model;
  static constexpr std::string_view kind = "recommender";

  /// `train` is what the model was fitted on. `storage` says what a request reads of the items of a
  /// latent model of floats: a copy in bytes or halves beside the model, which the best are then
  /// scored by, or with float32 the model alone; the lists are the same, to the bit. Bytes take a
  /// quarter of the memory of the items' factors, and make one list some ten times as quick.
  /// Throws not_fitted_error for a model without items, data_error if it does not fit the data.
  recommender(Model model, const dataset& train, item_storage storage = item_storage::int8)
      : recommender(std::move(model), train.users(), train.items(), detail::seen_items(train),
                    storage) {}

  /// The same, with requests that read the items like that.
  [[nodiscard]] recommender with_storage(item_storage storage) const {
    if (storage == this->storage()) return *this;
    return {model_, users_, items_, seen_, storage};
  }
  [[nodiscard]] item_storage storage() const noexcept { return storage_; }

  /// The best k items for a user. O(items x factors) for a latent model.
  template <external_id Id>
  [[nodiscard]] recommendations recommend(const Id& user, std::size_t k,
                                          const recommend_options& options = {}) const {
    const index u = users_.find_or_unknown(user);
    return std::move(detail::rank(ranker(), {&u, 1}, k, options).front());
  }

  /// The same for each of a contiguous range of user ids, in parallel and in blocks: for a latent
  /// model much faster than one by one, and the same bits.
  template <external_ids Ids>
  [[nodiscard]] std::vector<recommendations> recommend(
      const Ids& users, std::size_t k, const recommend_options& options = {}) const {
    return detail::rank(ranker(), detail::indices_of(users, users_), k, options);
  }

  /// The best k items for someone who is not in the training data, from some ratings: any range
  /// whose elements read as `[item id, rating]`. Of several ratings of one item the last counts.
  /// Unknown items are skipped and listed in `unknown_items()`; if none is known, the answer is the
  /// popularity ranking. Throws data_error if a rating is not finite.
  template <class Ratings>
  requires folding_model<Model>
  [[nodiscard]] recommendations recommend_from(const Ratings& ratings, std::size_t k,
                                               const recommend_options& options = {}) const;
  [[nodiscard]] recommendations recommend_from(
      std::initializer_list<item_rating> ratings, std::size_t k,
      const recommend_options& options = {}) const requires folding_model<Model> {
    return recommend_from(std::span<const item_rating>(ratings), k, options);
  }

  /// The k items most similar to `item`: for a latent model those whose factors point most nearly
  /// where its factors point, scores being cosines in [-1, 1], and O(items x factors), in parallel;
  /// for another those that the model says are. Leaves out itself and items without factors (all
  /// zeros). Empty if the item is unknown or has none.
  template <external_id Id>
  requires latent_model<Model> || item_similarity_model<Model>
  [[nodiscard]] recommendations similar_items(const Id& item, std::size_t k) const {
    const index i = items_.find_or_unknown(item);
    if constexpr (latent_model<Model>) {
      const auto latent = model_.latent();
      return nearest(items_, latent.item_factors, latent.factors, i, k);
    } else {
      return ranked(items_, k, [&](auto best) { return model_.similar_items(i, best); });
    }
  }

  /// The same among users.
  template <external_id Id>
  requires latent_model<Model> || user_similarity_model<Model>
  [[nodiscard]] recommendations similar_users(const Id& user, std::size_t k) const {
    const index u = users_.find_or_unknown(user);
    if constexpr (latent_model<Model>) {
      const auto latent = model_.latent();
      return nearest(users_, latent.user_factors, latent.factors, u, k);
    } else {
      return ranked(users_, k, [&](auto best) { return model_.similar_users(u, best); });
    }
  }

  /// Why `predict` expects the rating that it does.
  template <external_id User, external_id Item>
  requires explaining_model<Model>
  [[nodiscard]] reasons explain(const User& user, const Item& item) const {
    const index u = users_.find_or_unknown(user);
    const index i = items_.find_or_unknown(item);
    return with_ids(model_.explain(u, i), status_of(u, i));
  }

  /// Why `recommend` ranks an item where it does.
  template <external_id User, external_id Item>
  requires explaining_model<Model>
  [[nodiscard]] reasons explain_score(const User& user, const Item& item) const {
    const index u = users_.find_or_unknown(user);
    const index i = items_.find_or_unknown(item);
    return with_ids(model_.explain_score(u, i), status_of(u, i));
  }

  /// The rating that the model expects. Allocates nothing.
  template <external_id User, external_id Item>
  requires rating_model<Model>
  [[nodiscard]] prediction predict(const User& user, const Item& item) const noexcept {
    return predict_index(users_.find_or_unknown(user), items_.find_or_unknown(item));
  }

  /// The same for each of a contiguous range of item ids, in their order.
  template <external_id User, external_ids Items>
  requires rating_model<Model>
  [[nodiscard]] std::vector<item_prediction> predict(const User& user, const Items& items) const {
    const index u = users_.find_or_unknown(user);
    std::vector<item_prediction> predictions;
    predictions.reserve(std::size(items));
    for (const auto& item : items) {
      const prediction p = predict_index(u, items_.find_or_unknown(item));
      predictions.push_back({detail::id_text(item), p.rating, p.status});
    }
    return predictions;
  }

  /// The low-level form for services: fills `best` for a dense user index, best first, and returns
  /// how many items it put there. Takes any index; what `recommend` does for an unknown user, this
  /// does, too. Allocates nothing.
  std::size_t top_k(index user, std::span<scored_item> best,
                    bool exclude_seen = true) const noexcept requires latent_model<Model> {
    top_k_selector selector(best);
    const auto seen = seen_.of(user);
    if (seen.empty()) {
      detail::select_scored(
          seen_.popularity(), std::nullopt, [](index) { return true; }, selector);
      return selector.finish().size();
    }
    const auto* const row = model_.latent().user(user).data();
    ranker().select_for_rows(std::span(&row, 1), std::nullopt,
                             [&](std::size_t, index item) {
                               return !exclude_seen || !std::ranges::binary_search(seen, item);
                             },
                             {&selector, 1});
    return selector.finish().size();
  }

  /// What a user rated in the training data: items ascending; none for an unknown index.
  [[nodiscard]] std::span<const index> seen(index user) const noexcept { return seen_.of(user); }

  [[nodiscard]] const Model& model() const noexcept { return model_; }
  [[nodiscard]] const id_map& users() const noexcept { return users_; }
  [[nodiscard]] const id_map& items() const noexcept { return items_; }
  /// What ranks for it.
  [[nodiscard]] detail::model_ranker<Model> ranker() const noexcept {
    return {model_, scan_, items_, seen_};
  }

  /// Saves to, and loads from, a model file (io/save.hpp): model, ids and lists of seen items. What
  /// is loaded has the default storage.
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static recommender read(const Reader& in);

 private:
  recommender(Model model, id_map users, id_map items, detail::seen_items seen,
              item_storage storage)
      : model_(std::move(model)),
        users_(std::move(users)),
        items_(std::move(items)),
        seen_(std::move(seen)),
        storage_(storage) {
    if (model_.num_items() == 0) throw not_fitted_error("the model of a recommender");
    check_size("users", model_.num_users(), users_.size());
    check_size("items", model_.num_items(), items_.size());
    if constexpr (latent_model<Model>)
      scan_ = detail::item_scan(detail::item_rows_of(model_.latent(), std::nullopt), storage);
  }

  static void check_size(std::string_view what, index model, index data) {
    if (model != data)
      throw data_error("recommender: the model has " + detail::to_text(model) + ' ' +
                       std::string(what) + ", the training data " + detail::to_text(data));
  }

  template <class Scalar>
  [[nodiscard]] static recommendations nearest(const id_map& ids, const Scalar* rows,
                                               std::size_t factors, index query, std::size_t k) {
    if (query == unknown_index) return {};
    return {ids, detail::nearest_rows(rows, ids.size(), factors, query, k)};
  }

  /// What `fill(best)` says of the best k.
  template <class Fill>
  [[nodiscard]] static recommendations ranked(const id_map& ids, std::size_t k, const Fill& fill) {
    std::vector<scored_item> best(std::min(k, static_cast<std::size_t>(ids.size())));
    best.resize(fill(std::span(best)).size());
    return {ids, std::move(best)};
  }

  [[nodiscard]] reasons with_ids(const explanation& why, prediction_status status) const {
    return {why.side == axis::items ? items_ : users_, why, status};
  }

  [[nodiscard]] static prediction_status status_of(index user, index item) noexcept {
    if (user == unknown_index)
      return item == unknown_index ? prediction_status::unknown_both
                                   : prediction_status::unknown_user;
    return item == unknown_index ? prediction_status::unknown_item : prediction_status::known;
  }
  [[nodiscard]] prediction predict_index(index user, index item) const noexcept {
    return {model_.predict(user, item), status_of(user, item)};
  }

  Model model_;
  id_map users_;
  id_map items_;
  detail::seen_items seen_;
  item_storage storage_;
  detail::item_scan scan_;
};

}  // namespace kindred

#include <kindred/serve/detail/recommender_impl.hpp>
