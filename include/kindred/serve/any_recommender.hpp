#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/external_id.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/serve/filter.hpp>
#include <kindred/serve/prediction.hpp>
#include <kindred/serve/reasons.hpp>
#include <kindred/serve/recommendations.hpp>
#include <kindred/serve/recommender.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// A recommender of any model, for a host that picks its model at run time:
///
///   kindred::any_recommender shop = cautious ? kindred::any_recommender(by_popularity)
///                                            : kindred::any_recommender(by_factors);
///   for (const auto& [item, score] : shop.recommend("42", 10)) ...
///
/// Calls are those of `recommender`, with the same results, at the price of a virtual call. What
/// the model cannot do (see there) does not fail to compile, but throws data_error.
///
/// Copies share one immutable recommender; every const member is safe from any thread. One that was
/// moved from may only be assigned to or destroyed.
class any_recommender {
 public:
  template <ranking_model Model>
  any_recommender(recommender<Model> served)  // NOLINT(google-explicit-constructor): as std::any
      : served_(std::make_shared<const holder<Model>>(std::move(served))) {}

  template <external_id Id>
  [[nodiscard]] recommendations recommend(const Id& user, std::size_t k,
                                          const recommend_options& options = {}) const {
    return served_->recommend(text_of(user), k, options);
  }
  template <external_ids Ids>
  [[nodiscard]] std::vector<recommendations> recommend(
      const Ids& users, std::size_t k, const recommend_options& options = {}) const {
    return served_->recommend(texts_of(users), k, options);
  }

  /// Throws data_error if the model is no folding_model.
  template <class Ratings>
  [[nodiscard]] recommendations recommend_from(const Ratings& ratings, std::size_t k,
                                               const recommend_options& options = {}) const {
    text_ratings given;
    for (const auto& [item, rating] : ratings)
      given.emplace_back(detail::id_text(item), static_cast<float>(rating));
    return served_->recommend_from(given, k, options);
  }
  [[nodiscard]] recommendations recommend_from(std::initializer_list<item_rating> ratings,
                                               std::size_t k,
                                               const recommend_options& options = {}) const {
    return recommend_from(std::span<const item_rating>(ratings), k, options);
  }

  /// Each throws data_error if the model is neither a latent_model nor compares items, or users,
  /// itself.
  template <external_id Id>
  [[nodiscard]] recommendations similar_items(const Id& item, std::size_t k) const {
    return served_->similar_items(text_of(item), k);
  }
  template <external_id Id>
  [[nodiscard]] recommendations similar_users(const Id& user, std::size_t k) const {
    return served_->similar_users(text_of(user), k);
  }

  /// Throws data_error if the model is no rating_model.
  template <external_id User, external_id Item>
  [[nodiscard]] prediction predict(const User& user, const Item& item) const {
    return served_->predict(text_of(user), text_of(item));
  }
  template <external_id User, external_ids Items>
  [[nodiscard]] std::vector<item_prediction> predict(const User& user, const Items& items) const {
    return served_->predict(text_of(user), texts_of(items));
  }

  /// Each throws data_error if the model is no explaining_model.
  template <external_id User, external_id Item>
  [[nodiscard]] reasons explain(const User& user, const Item& item) const {
    return served_->explain(text_of(user), text_of(item));
  }
  template <external_id User, external_id Item>
  [[nodiscard]] reasons explain_score(const User& user, const Item& item) const {
    return served_->explain_score(text_of(user), text_of(item));
  }

  [[nodiscard]] const id_map& users() const noexcept { return served_->users(); }
  [[nodiscard]] const id_map& items() const noexcept { return served_->items(); }

 private:
  using texts = std::vector<std::string>;
  using text_ratings = std::vector<std::pair<std::string, float>>;

  class interface {
   public:
    interface() = default;
    interface(const interface&) = delete;
    interface& operator=(const interface&) = delete;
    virtual ~interface() = default;

    virtual recommendations recommend(std::string_view user, std::size_t k,
                                      const recommend_options& options) const = 0;
    virtual std::vector<recommendations> recommend(const texts& users, std::size_t k,
                                                   const recommend_options& options) const = 0;
    virtual recommendations recommend_from(const text_ratings& ratings, std::size_t k,
                                           const recommend_options& options) const = 0;
    virtual recommendations similar_items(std::string_view item, std::size_t k) const = 0;
    virtual recommendations similar_users(std::string_view user, std::size_t k) const = 0;
    virtual prediction predict(std::string_view user, std::string_view item) const = 0;
    virtual std::vector<item_prediction> predict(std::string_view user,
                                                 const texts& items) const = 0;
    virtual reasons explain(std::string_view user, std::string_view item) const = 0;
    virtual reasons explain_score(std::string_view user, std::string_view item) const = 0;
    virtual const id_map& users() const noexcept = 0;
    virtual const id_map& items() const noexcept = 0;
  };

  template <class Model>
  class holder;

  /// Digits of up to 15 characters stay within the string: a prediction seldom allocates.
  template <external_id Id>
  [[nodiscard]] static auto text_of(const Id& id) {
    if constexpr (std::integral<Id>)
      return detail::to_text(id);
    else
      return std::string_view(id);
  }

  template <external_ids Ids>
  [[nodiscard]] static texts texts_of(const Ids& ids) {
    texts result;
    result.reserve(std::size(ids));
    for (const auto& id : ids) result.push_back(detail::id_text(id));
    return result;
  }

  std::shared_ptr<const interface> served_;
};

template <class Model>
class any_recommender::holder final : public interface {
 public:
  explicit holder(recommender<Model> served) : served_(std::move(served)) {}

  recommendations recommend(std::string_view user, std::size_t k,
                            const recommend_options& options) const override {
    return served_.recommend(user, k, options);
  }
  std::vector<recommendations> recommend(const texts& users, std::size_t k,
                                         const recommend_options& options) const override {
    return served_.recommend(users, k, options);
  }
  recommendations recommend_from([[maybe_unused]] const text_ratings& ratings,
                                 [[maybe_unused]] std::size_t k,
                                 [[maybe_unused]] const recommend_options& options) const override {
    if constexpr (folding_model<Model>)
      return served_.recommend_from(ratings, k, options);
    else
      throw data_error("recommend_from: the model cannot place a new user by ratings");
  }

  recommendations similar_items([[maybe_unused]] std::string_view item,
                                [[maybe_unused]] std::size_t k) const override {
    if constexpr (latent_model<Model> || item_similarity_model<Model>)
      return served_.similar_items(item, k);
    else
      throw data_error("similar_items: the model does not compare items");
  }
  recommendations similar_users([[maybe_unused]] std::string_view user,
                                [[maybe_unused]] std::size_t k) const override {
    if constexpr (latent_model<Model> || user_similarity_model<Model>)
      return served_.similar_users(user, k);
    else
      throw data_error("similar_users: the model does not compare users");
  }

  prediction predict([[maybe_unused]] std::string_view user,
                     [[maybe_unused]] std::string_view item) const override {
    if constexpr (rating_model<Model>)
      return served_.predict(user, item);
    else
      throw data_error("predict: the model ranks items, but predicts no ratings");
  }
  std::vector<item_prediction> predict([[maybe_unused]] std::string_view user,
                                       [[maybe_unused]] const texts& items) const override {
    if constexpr (rating_model<Model>)
      return served_.predict(user, items);
    else
      throw data_error("predict: the model ranks items, but predicts no ratings");
  }

  reasons explain([[maybe_unused]] std::string_view user,
                  [[maybe_unused]] std::string_view item) const override {
    if constexpr (explaining_model<Model>)
      return served_.explain(user, item);
    else
      throw data_error("explain: the model cannot say where its predictions come from");
  }
  reasons explain_score([[maybe_unused]] std::string_view user,
                        [[maybe_unused]] std::string_view item) const override {
    if constexpr (explaining_model<Model>)
      return served_.explain_score(user, item);
    else
      throw data_error("explain_score: the model cannot say where its scores come from");
  }

  const id_map& users() const noexcept override { return served_.users(); }
  const id_map& items() const noexcept override { return served_.items(); }

 private:
  recommender<Model> served_;
};

}  // namespace kindred
