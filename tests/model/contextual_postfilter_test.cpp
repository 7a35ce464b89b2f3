#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/contextual_postfilter.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/popularity.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "rating_table.hpp"

namespace kindred::contextual_postfilter_test {

using test::scores_of;

static_assert(ranking_model<contextual_postfilter<baseline_model>::view>);
static_assert(rating_model<contextual_postfilter<baseline_model>::view>);

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const rating_context parity(2, [](std::int64_t time) { return time % 2; });

/// A model whose scores are the same for all users.
struct ranking_only {
  std::vector<float> of_items{};

  [[nodiscard]] index num_users() const noexcept { return 3; }
  [[nodiscard]] index num_items() const noexcept { return static_cast<index>(of_items.size()); }
  void score(index, std::span<float> scores) const noexcept {
    std::copy(of_items.begin(), of_items.end(), scores.begin());
  }
};

dataset at_times(index items, const std::vector<index>& rated,
                 const std::vector<std::int64_t>& times) {
  rating_columns columns;
  for (std::size_t n = 0; n < rated.size(); ++n) {
    columns.users.push_back(static_cast<index>(n % 3));
    columns.items.push_back(rated[n]);
    columns.values.push_back(3);
    columns.times.push_back(times[n]);
  }
  return make_dataset(test::numbered_ids(3), test::numbered_ids(items), std::move(columns));
}

/// Item 0 twice in context 1; item 1 in 0, 0, 1; item 2 in 0; item 3 never: 3 of 6 each.
dataset six_ratings() { return at_times(4, {0, 0, 1, 1, 1, 2}, {1, 3, 0, 2, 5, 4}); }

/// Each user rates 12 of 60 items: in context c mostly those whose number is c modulo 2.
dataset seasonal_ratings() {
  const counter_rng rng(4);
  rating_columns columns;
  std::uint64_t draw = 0;
  for (index u = 0; u < 300; ++u)
    for (int n = 0; n < 12; ++n) {
      const auto context = static_cast<index>(rng.below(draw++, 2));
      const bool odd_one = rng.below(draw++, 10) == 0;
      const double place = rng.uniform(draw++);
      const auto item =
          2 * static_cast<index>(30 * place * place) + (odd_one ? 1 - context : context);
      columns.users.push_back(u);
      columns.items.push_back(item);
      columns.values.push_back(static_cast<float>(1 + rng.below(draw++, 5)));
      columns.times.push_back(2 * static_cast<std::int64_t>(draw) + context);
    }
  return make_dataset(test::numbered_ids(300), test::numbered_ids(60), std::move(columns));
}

static_assert(!rating_model<contextual_postfilter<ranking_only>::view>);

}  // namespace

TEST_CASE("the lift is how much likelier an item is in a context") {
  contextual_postfilter model{{.smoothing = 0}, ranking_only{{1, 2, 3, 4}}, parity};
  model.fit_contexts(six_ratings());
  const auto even = model.lifts(0);
  const auto odd = model.lifts(1);
  // P(item | context) / P(item), as for item 1: (2 / 3) / (3 / 6).
  CHECK(std::vector(even.begin(), even.end()) == std::vector<float>{0, 4 / 3.0F, 2, 1});
  CHECK(std::vector(odd.begin(), odd.end()) == std::vector<float>{2, 2 / 3.0F, 0, 1});
  CHECK(model.lifts(2).empty());
  CHECK(model.lifts(-1).empty());
}

TEST_CASE("smoothing adds ratings in the contexts of all") {
  contextual_postfilter model{{.smoothing = 4}, ranking_only{{1, 2, 3, 4}}, parity};
  model.fit_contexts(six_ratings());
  CHECK(model.lifts(1)[0] == doctest::Approx((2 + 4 * 0.5) / ((2 + 4) * 0.5)));
  CHECK(model.lifts(1)[2] == doctest::Approx((0 + 4 * 0.5) / ((1 + 4) * 0.5)));
  CHECK(model.lifts(1)[3] == 1);
}

TEST_CASE("a context without ratings makes no difference") {
  const rating_context three(3, [](std::int64_t time) { return time % 2; });
  contextual_postfilter model{{.smoothing = 0}, ranking_only{{1, 2, 3, 4}}, three};
  model.fit_contexts(six_ratings());
  CHECK(std::ranges::all_of(model.lifts(2), [](float lift) { return lift == 1; }));
}

TEST_CASE("weights multiply what a score is above the least") {
  contextual_postfilter model{{.smoothing = 0}, ranking_only{{-1, 7, 3, -infinity}}, parity};
  model.fit_contexts(six_ratings());
  CHECK(scores_of(model.in(0), 1) == std::vector<float>{0, 8 * (4 / 3.0F), 8, -infinity});
  CHECK(scores_of(model.in(1), 1) == std::vector<float>{0, 8 * (2 / 3.0F), 0, -infinity});
}

TEST_CASE("the filter puts what does not suit the context last") {
  contextual_postfilter model{
      {.method = postfilter_method::filter, .smoothing = 0, .threshold = 0.7},
      ranking_only{{1, 2, 3, 4}},
      parity};
  model.fit_contexts(six_ratings());
  CHECK(scores_of(model.in(0), 1) == std::vector<float>{-infinity, 2, 3, 4});
  CHECK(scores_of(model.in(1), 1) == std::vector<float>{1, -infinity, -infinity, 4});
}

TEST_CASE("without a known context the model ranks as it does alone") {
  contextual_postfilter model{ranking_only{{1, 2, 3, 4}}, parity};
  CHECK(scores_of(model.in(0), 1) == std::vector<float>{1, 2, 3, 4});  // nothing counted yet
  model.fit_contexts(six_ratings());
  for (const int context : {-1, 2, std::numeric_limits<int>::max()})
    CHECK(scores_of(model.in(context), 1) == std::vector<float>{1, 2, 3, 4});
}

TEST_CASE("where the context decides what users choose, the post-filter wins in each") {
  const split parts = split_random(seasonal_ratings());
  popularity_model popularity;
  popularity.fit(parts.train);
  for (const auto method : {postfilter_method::weight, postfilter_method::filter}) {
    contextual_postfilter model{{.method = method}, popularity_model{}, parity};
    model.fit(parts.train);
    for (const int context : {0, 1}) {
      const dataset in_context = select_context(parts.test, parity, context);
      const auto ndcg = [&](const auto& of) {
        return evaluate_ranking(of, parts.train, in_context, {.at = {10}}).at(10).ndcg;
      };
      CHECK(ndcg(model.in(context)) > 1.2 * ndcg(popularity));
      CHECK(ndcg(model.in(1 - context)) < ndcg(popularity));
    }
  }
}

TEST_CASE("the context changes no prediction, and a view outlives what it came from") {
  const dataset train = seasonal_ratings();
  baseline_model baseline;
  baseline.fit(train);
  const auto view = [&] {
    contextual_postfilter model{baseline_model{}, parity};
    model.fit(train);
    return model.in(1);
  }();
  CHECK(view.predict(3, 4) == baseline.predict(3, 4));
  CHECK(view.num_users() == 300);
  CHECK(view.num_items() == 60);
  CHECK(scores_of(view, 3) != scores_of(baseline, 3));
}

TEST_CASE("a post-filter refuses what does not fit, and stays as it was") {
  CHECK_THROWS_AS((contextual_postfilter{{.smoothing = -1}, baseline_model{}, parity}),
                  option_error);
  CHECK_THROWS_AS((contextual_postfilter{{.threshold = -1}, baseline_model{}, parity}),
                  option_error);
  CHECK_THROWS_AS((contextual_postfilter{
                      {.method = static_cast<postfilter_method>(2)}, baseline_model{}, parity}),
                  option_error);
  contextual_postfilter model{ranking_only{{1, 2, 3, 4}}, parity};
  model.fit_contexts(six_ratings());
  const auto before = scores_of(model.in(0), 0);
  CHECK_THROWS_AS(model.fit_contexts(at_times(5, {1}, {1})), data_error);
  CHECK_THROWS_AS(model.fit_contexts(at_times(4, {1}, {-1})), data_error);  // context -1
  CHECK(scores_of(model.in(0), 0) == before);
  detail::dataset_storage timeless = six_ratings().storage();
  timeless.row_times = {};
  CHECK_THROWS_WITH_AS(model.fit_contexts(dataset(timeless)), "context: the ratings have no times",
                       data_error);
}

}  // namespace kindred::contextual_postfilter_test
