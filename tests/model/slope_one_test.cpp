#include <kindred/model/concepts.hpp>
#include <kindred/model/slope_one.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "../ml_100k.hpp"
#include "item_model_checks.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::slope_one_test {

static_assert(rating_model<slope_one>);
static_assert(ranking_model<slope_one>);

namespace {

/// John 5 3 2, Mark 3 4, Lucy - 2 5; a fourth user and a fourth item without ratings.
dataset three_friends() {
  const std::vector<index> users = {0, 0, 0, 1, 1, 2, 2};
  const std::vector<index> items = {0, 1, 2, 0, 1, 1, 2};
  const std::vector<float> values = {5, 3, 2, 3, 4, 2, 5};
  return make_dataset(test::numbered_ids(4), test::numbered_ids(4), users, items, values);
}

/// The two schemes of the paper word by word, not held to the range; nothing if no item counts.
class reference {
 public:
  explicit reference(const dataset& train) : ratings_(static_cast<std::size_t>(train.num_users())) {
    for (const auto& r : test::ratings_of(train))
      ratings_[static_cast<std::size_t>(r.user)][r.item] = static_cast<double>(r.value);
  }

  [[nodiscard]] std::optional<double> predict(const slope_one_options& options, index user,
                                              index item) const {
    const auto& own = ratings_[static_cast<std::size_t>(user)];
    double total = 0;
    double weights = 0;
    double mean = 0;
    for (const auto& [other, rating] : own) {
      mean += rating / static_cast<double>(own.size());
      double sum = 0;
      int count = 0;
      for (const auto& someone : ratings_)
        if (someone.contains(item) && someone.contains(other)) {
          sum += someone.at(item) - someone.at(other);
          ++count;
        }
      if (other == item || count < options.min_support) continue;
      const bool plain = options.scheme == slope_one_scheme::plain;
      total += plain ? sum / count : count * (sum / count + rating);
      weights += plain ? 1 : count;
    }
    if (weights == 0) return std::nullopt;
    return options.scheme == slope_one_scheme::plain ? mean + total / weights : total / weights;
  }

 private:
  std::vector<std::map<index, double>> ratings_;
};

}  // namespace

TEST_CASE("slope one predicts by hand") {
  slope_one weighted{{.clip = false}};
  weighted.fit(three_friends());
  // Item 0 is 0.5 above item 1 for two users, and 3 above item 2 for one.
  CHECK(weighted.predict(2, 0) == doctest::Approx((2 * (2 + 0.5) + 1 * (5 + 3.0)) / 3));
  CHECK(weighted.predict(1, 2) == doctest::Approx((1 * (3 - 3.0) + 2 * (4 + 1.0)) / 3));
  slope_one plain{{.scheme = slope_one_scheme::plain, .clip = false}};
  plain.fit(three_friends());
  CHECK(plain.predict(2, 0) == doctest::Approx(3.5 + (0.5 + 3.0) / 2));
  CHECK(plain.predict(1, 2) == doctest::Approx(3.5 + (-3.0 + 1.0) / 2));

  slope_one held{{.scheme = slope_one_scheme::plain}};
  held.fit(three_friends());
  CHECK(held.predict(2, 0) == 5);
}

TEST_CASE("slope one falls back on means") {
  for (const auto scheme : {slope_one_scheme::plain, slope_one_scheme::weighted}) {
    slope_one model{{.scheme = scheme}};
    model.fit(three_friends());
    constexpr index far = std::numeric_limits<index>::max();
    for (const index item : {3, 4, unknown_index, far}) {
      CHECK(model.predict(2, item) == 3.5F);
      for (const index user : {3, 4, unknown_index, far})
        CHECK(model.predict(user, item) == doctest::Approx(24.0 / 7));
    }
    for (const index user : {3, 4, unknown_index, far}) CHECK(model.predict(user, 1) == 3);
    std::vector<float> scores(4);
    model.score(unknown_index, scores);
    CHECK(scores[1] == 3);
  }
  slope_one strict{{.min_support = 3}};
  strict.fit(three_friends());
  CHECK(strict.predict(2, 0) == 3.5F);
}

TEST_CASE("slope one agrees with its formula, and its scores with its predictions") {
  for (const auto& [rows, users, items] :
       {std::tuple<std::size_t, index, index>{700, 31, 43}, {1500, 100, 700}, {60, 1, 97}}) {
    const dataset train = test::plain_dataset(rows, users, items, 3);
    const reference expected(train);
    for (const auto scheme : {slope_one_scheme::plain, slope_one_scheme::weighted})
      for (const index min_support : {1, 3}) {
        slope_one model{{.scheme = scheme, .min_support = min_support, .clip = false}};
        model.fit(train);
        std::vector<float> scores(static_cast<std::size_t>(items));
        std::size_t different = 0;
        double worst = 0;
        for (index u = 0; u < users; u += 3) {
          model.score(u, scores);
          for (index i = 0; i < items; ++i) {
            const float predicted = model.predict(u, i);
            different += scores[static_cast<std::size_t>(i)] == predicted ? 0U : 1U;
            if (i % 7 != 0) continue;
            if (const auto exact = expected.predict(model.options(), u, i))
              worst = std::max(worst, std::abs(*exact - static_cast<double>(predicted)));
          }
        }
        CHECK(different == 0);
        CHECK(worst < 2e-6);
      }
  }
}

TEST_CASE("slope one reports the errors of its predictions") {
  const dataset train = test::plain_dataset(700, 31, 43, 3);
  const dataset validation = test::plain_dataset(90, 40, 50, 4);
  for (const bool clip : {true, false}) {
    slope_one model{{.clip = clip}};
    const fit_history history = model.fit(train, {.validation = validation});
    const auto rmse = [&](const dataset& data) {
      double squared = 0;
      for (const auto& r : test::ratings_of(data))
        squared += std::pow(static_cast<double>(r.value - model.predict(r.user, r.item)), 2);
      return std::sqrt(squared / static_cast<double>(data.size()));
    };
    REQUIRE(history.epochs.size() == 1);
    CHECK(history.epochs[0].train_rmse == doctest::Approx(rmse(train)));
    CHECK(history.epochs[0].validation_rmse == doctest::Approx(rmse(validation)));
  }
}

TEST_CASE("slope one answers with numbers whatever the data") {
  for (const dataset& train : test::odd_datasets()) {
    slope_one model;
    model.fit(train);
    CHECK(test::all_finite(model));
  }
  slope_one constant;
  constant.fit(test::odd_datasets()[3]);
  CHECK(constant.predict(0, 1) == 4);
}

TEST_CASE("slope one keeps to what all models keep to") {
  for (const auto& train :
       {test::plain_dataset(20000, 597, 43, 1), test::plain_dataset(31, 1, 31, 2)})
    test::check_same_bits_everywhere(slope_one(), train);
  test::check_failed_fits(slope_one());
  test::check_round_trip(slope_one{{.scheme = slope_one_scheme::plain, .min_support = 2}});
  test::check_round_trip(slope_one{{.clip = false}});
  CHECK_THROWS_AS(slope_one({.scheme = static_cast<slope_one_scheme>(2)}), option_error);
  CHECK_THROWS_AS(slope_one({.min_support = 0}), option_error);
}

TEST_CASE("slope one refuses a file whose parts do not fit") {
  slope_one model;
  model.fit(three_friends());
  CHECK(!test::refuses<float>(model, "deviations", 0, 1));
  for (const index bad : {-1, 4, 1000000}) {
    CHECK(test::refuses<index>(model, "rated_items", 2, bad));
    CHECK(test::refuses<index>(model, "deviation_items", 1, bad));
  }
  CHECK(test::refuses<index>(model, "rated_offsets", 1, 100));
  CHECK(test::refuses<std::uint64_t>(model, "deviation_offsets", 4, 100));
  CHECK(test::refuses<std::uint64_t>(model, "deviation_offsets", 1, ~std::uint64_t{0}));
  CHECK(test::refuses<float>(model, "supports", 0, 0));
}

TEST_CASE("slope one has the errors of Surprise's on MovieLens 100K") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("KINDRED_DATA is not set: skipped");
    return;
  }
  // scikit-surprise 1.1.4, SlopeOne: it gives the mean of all to an item without training ratings.
  for (const auto& [fold, published] : {std::pair{"u1", 0.9567}, {"u5", 0.9408}}) {
    const dataset train = test::ml_100k(*folder, std::string(fold) + ".base");
    slope_one model{{.scheme = slope_one_scheme::plain}};
    model.fit(train);
    double squared = 0;
    const auto ratings = test::ratings_of(test::ml_100k(*folder, std::string(fold) + ".test"));
    for (const auto& r : ratings) {
      const bool known = !train.by_item(r.item).empty();
      const double predicted =
          known ? static_cast<double>(model.predict(r.user, r.item)) : train.mean();
      squared += std::pow(static_cast<double>(r.value) - predicted, 2);
    }
    CHECK(std::abs(std::sqrt(squared / static_cast<double>(ratings.size())) - published) < 6e-5);
  }
}

}  // namespace kindred::slope_one_test
