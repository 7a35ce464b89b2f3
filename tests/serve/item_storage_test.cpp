#include <kindred/kernel/scores.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/item_storage.hpp>
#include <kindred/serve/live_recommender.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "live_support.hpp"

// What requests read of the items must not show in what they answer.

namespace kindred::item_storage_test {

using namespace test;

namespace {

constexpr item_storage every_storage[] = {item_storage::float32, item_storage::float16,
                                          item_storage::int8};

constexpr index num_users = 61;
constexpr index num_items = 700;

/// Rows of any numbers, whose lengths differ a lot, as those of fitted models do.
latent_stub<float> skewed_model(std::size_t factors) {
  latent_stub<float> model(num_users, num_items, factors);
  const counter_rng rng(17);
  const auto fill = [&](std::vector<float>& values, std::size_t width, std::uint64_t stream) {
    for (std::size_t n = 0; n < values.size(); ++n)
      values[n] =
          static_cast<float>(std::exp(rng.normal(stream + n / width)) * rng.normal(2 * stream + n));
  };
  fill(model.user_factors(), factors, 1'000'000);
  fill(model.item_factors(), factors, 2'000'000);
  fill(model.biases(), 1, 4'000'000);
  return model;
}

/// The kernel's scores of all items, sorted.
template <class Allowed>
std::vector<scored_item> brute_force(const latent_stub<float>& model, index user, std::size_t k,
                                     const Allowed& allowed) {
  const auto latent = model.latent();
  std::vector<float> scores(static_cast<std::size_t>(num_items));
  kernel::score_items(kernel::item_rows<float>{latent.item_factors, latent.item_biases,
                                               scores.size(), latent.factors},
                      latent.user(user).data(), std::span(scores));
  return best_of(scores, k, allowed);
}

bool has_seen(const dataset& train, index user, index item) {
  const auto row = train.by_user(user);
  return std::any_of(row.begin(), row.end(),
                     [&](const auto& entry) { return entry.index == item; });
}

}  // namespace

TEST_CASE("Lists are those of a sort of all scores, to the bit, whatever is left out") {
  const auto train = random_dataset(4000, num_users, num_items, 31);
  for (const std::size_t factors : {std::size_t{1}, std::size_t{33}, std::size_t{64}}) {
    const auto model = skewed_model(factors);
    for (const item_storage storage : every_storage) {
      const recommender served{model, train, storage};
      CHECK(served.storage() == storage);
      std::vector<std::string> users;
      std::vector<std::string> denied;
      for (index u = 0; u < num_users; ++u) users.emplace_back(train.users().id(u));
      for (index i = 0; i < num_items; i += 3) denied.emplace_back(train.items().id(i));
      const recommend_options fewer{.exclude_seen = false,
                                    .deny = denied,
                                    .accept = [](std::string_view id) { return id.back() != '7'; }};
      const auto lists = served.recommend(users, 20);
      const auto fewer_lists = served.recommend(users, 20, fewer);
      std::vector<scored_item> best(20);
      int wrong = 0;
      for (index u = 0; u < num_users; ++u) {
        if (train.by_user(u).empty()) continue;
        const auto n = static_cast<std::size_t>(u);
        const auto unseen =
            brute_force(model, u, 20, [&](index i) { return !has_seen(train, u, i); });
        wrong += entries_of(lists[n]) != unseen;
        wrong += entries_of(served.recommend(users[n], 20)) != unseen;
        wrong += served.top_k(u, best) != 20 || best != unseen;
        const auto let_pass = brute_force(
            model, u, 20, [&](index i) { return i % 3 != 0 && train.items().id(i).back() != '7'; });
        wrong += entries_of(fewer_lists[n]) != let_pass;
        wrong += entries_of(served.recommend(users[n], 20, fewer)) != let_pass;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("Rows that cannot be copied are read as they are, and users beyond measure are ranked") {
  const auto train = random_dataset(2000, num_users, num_items, 32);
  for (const float odd :
       {1e19F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    auto model = skewed_model(8);
    const auto check = [&](index user) {
      const auto expected =
          entries_of(recommender(model, train, item_storage::float32)
                         .recommend(train.users().id(user), 15, {.exclude_seen = false}));
      for (const item_storage storage : {item_storage::float16, item_storage::int8})
        CHECK(entries_of(recommender(model, train, storage)
                             .recommend(train.users().id(user), 15, {.exclude_seen = false})) ==
              expected);
    };
    model.user_factors()[8] = odd;
    check(1);
    model.item_factors()[5 * 8 + 3] = odd;
    check(2);
  }
}

TEST_CASE("A recommender can be had with another storage") {
  const auto train = random_dataset(2000, num_users, num_items, 33);
  const recommender served{skewed_model(8), train};
  CHECK(served.storage() == item_storage::int8);
  const recommender other = served.with_storage(item_storage::float32);
  CHECK(other.storage() == item_storage::float32);
  CHECK(entries_of(other.recommend("u3", 25)) == entries_of(served.recommend("u3", 25)));
}

TEST_CASE("Recommendations from ratings do not depend on the storage") {
  const auto train = plain_dataset(3000, num_users, num_items, 34);
  matrix_factorization<> model{{.factors = 9, .epochs = 5, .regularization = 0.01}};
  model.fit(train);
  const recommender served{model, train};
  const recommender plain = served.with_storage(item_storage::float32);
  for (const recommend_options& options :
       {recommend_options{}, recommend_options{.exclude_seen = false, .deny = {"i4", "i9"}},
        recommend_options{.allow = {{"i1", "i3", "i600", "nothing"}}}}) {
    const auto from = [&](const auto& one) {
      return entries_of(one.recommend_from({{"i3", 5.0F}, {"i600", 1.0F}}, 30, options));
    };
    CHECK(from(served) == from(plain));
  }
}

// Rows are refreshed often enough for the gathered ones to be gathered anew, and to go out of date.
TEST_CASE_TEMPLATE("A live recommender's answers do not depend on the storage", Scalar, float,
                   double) {
  using live_model = live_recommender<matrix_factorization<Scalar>>;
  const auto train = plain_dataset(2000, 40, 150, 35);
  matrix_factorization<Scalar> model{{.factors = 6, .epochs = 5, .regularization = 0.02}};
  model.fit(train);
  live_model plain{model, train, {.storage = item_storage::float32}};
  live_model halves{model, train, {.storage = item_storage::float16}};
  live_model bytes{model, train};
  std::size_t most = 0;
  for (std::uint64_t round = 0; round < 12; ++round) {
    const auto rows = random_ratings(40, 45, 190, 100 + round);
    for (live_model* const live : {&plain, &halves, &bytes}) {
      apply(*live, rows);
      if (round == 8) live->compact();
    }
    most = std::max(most, bytes.metrics().refreshed);
    const auto expected = all_answers(*plain.snapshot());
    CHECK(all_answers(*halves.snapshot()) == expected);
    CHECK(all_answers(*bytes.snapshot()) == expected);
    CHECK(bytes.snapshot()->base().storage() == item_storage::int8);
  }
  CHECK(most > 64);
  const std::vector<std::string> users{"u1", "u44", "u7"};
  const recommend_options options{.deny = {"i5"},
                                  .accept = [](std::string_view id) { return id.back() != '3'; }};
  const auto expected = plain.recommend(users, 30, options);
  const auto lists = bytes.recommend(users, 30, options);
  for (std::size_t u = 0; u < users.size(); ++u)
    CHECK(entries_of(lists[u]) == entries_of(expected[u]));
}

}  // namespace kindred::item_storage_test
