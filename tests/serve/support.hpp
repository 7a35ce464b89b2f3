#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/serve/recommendations.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../data/support.hpp"

namespace kindred::test {

/// Small integers: inner products are exact in any order of addition, and ties are many.
template <class Scalar>
std::vector<Scalar> small_integers(std::size_t count, std::uint64_t seed) {
  const counter_rng rng(seed);
  std::vector<Scalar> values(count);
  for (std::size_t n = 0; n < count; ++n)
    values[n] = static_cast<Scalar>(rng.below(n, 7)) - Scalar{3};
  return values;
}

/// A latent model that was never trained. `score` adds up on its own, without the library.
template <class Scalar>
class latent_stub {
 public:
  using scalar_type = Scalar;

  latent_stub(index users, index items, std::size_t factors)
      : users_(users),
        items_(items),
        factors_(factors),
        user_factors_(small_integers<Scalar>(static_cast<std::size_t>(users) * factors, 1)),
        item_factors_(small_integers<Scalar>(static_cast<std::size_t>(items) * factors, 2)),
        biases_(small_integers<Scalar>(static_cast<std::size_t>(items), 3)) {}

  [[nodiscard]] index num_users() const noexcept { return users_; }
  [[nodiscard]] index num_items() const noexcept { return items_; }
  [[nodiscard]] latent_view<Scalar> latent() const noexcept {
    return {users_,
            items_,
            factors_,
            user_factors_.data(),
            item_factors_.data(),
            biases_.empty() ? nullptr : biases_.data()};
  }
  void score(index user, std::span<float> scores) const noexcept {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      Scalar sum = biases_.empty() ? Scalar{0} : biases_[i];
      for (std::size_t f = 0; f < factors_; ++f)
        sum += user_factors_[static_cast<std::size_t>(user) * factors_ + f] *
               item_factors_[i * factors_ + f];
      scores[i] = static_cast<float>(sum);
    }
  }
  /// -1 for an unknown user, -2 for an unknown item, -3 for both.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    const float fallback = (user < 0 ? -1.0F : 0.0F) + (item < 0 ? -2.0F : 0.0F);
    return fallback < 0 ? fallback : static_cast<float>(user) + 0.001F * static_cast<float>(item);
  }

  std::vector<Scalar>& user_factors() noexcept { return user_factors_; }
  std::vector<Scalar>& item_factors() noexcept { return item_factors_; }
  std::vector<Scalar>& biases() noexcept { return biases_; }

 private:
  index users_;
  index items_;
  std::size_t factors_;
  std::vector<Scalar> user_factors_;
  std::vector<Scalar> item_factors_;
  std::vector<Scalar> biases_;
};

/// A model that can only score.
class scoring_stub {
 public:
  scoring_stub(index users, index items, std::size_t factors) : inner_(users, items, factors) {}
  [[nodiscard]] index num_users() const noexcept { return inner_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return inner_.num_items(); }
  void score(index user, std::span<float> scores) const noexcept { inner_.score(user, scores); }

 private:
  latent_stub<float> inner_;
};

inline std::vector<scored_item> entries_of(const recommendations& list) {
  return {list.entries().begin(), list.entries().end()};
}

inline std::vector<std::string> ids_in(const recommendations& list) {
  std::vector<std::string> ids;
  for (const auto& [id, score] : list) ids.emplace_back(id);
  return ids;
}

/// The k best of all items that `allowed(item)` lets pass, by a stable sort of the whole row.
template <class Allowed>
std::vector<scored_item> best_of(std::span<const float> scores, std::size_t k,
                                 const Allowed& allowed) {
  std::vector<scored_item> all;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (allowed(static_cast<index>(i))) all.push_back({static_cast<index>(i), scores[i]});
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  all.resize(std::min(k, all.size()));
  return all;
}

template <class Model>
std::vector<float> scores_of(const Model& model, index user) {
  std::vector<float> scores(static_cast<std::size_t>(model.num_items()));
  model.score(user, scores);
  return scores;
}

inline bool has_seen(const dataset& train, index user, index item) {
  const auto items = train.by_user(user).indices();
  return std::find(items.begin(), items.end(), item) != items.end();
}

/// What `recommend` should answer to a user with training ratings.
template <class Model>
std::vector<scored_item> expected_for(const Model& model, const dataset& train, index user,
                                      std::size_t k) {
  return best_of(scores_of(model, user), k,
                 [&](index item) { return !has_seen(train, user, item); });
}

}  // namespace kindred::test
