#include <kindred/model/detail/neural/rating_objective.hpp>
#include <kindred/model/detail/neural/task_events.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "../data/support.hpp"
#include "../nn/gradient_check.hpp"

namespace kindred::rating_objective_test {

using namespace test;

namespace {

constexpr float none = std::numeric_limits<float>::quiet_NaN();

/// Two users and three items; events of a rating, of a click, and of both.
detail::training_events three_events() {
  detail::training_events events;
  events.users = {0, 0, 1};
  events.items = {0, 1, 2};
  events.targets = {4, none, none, 1, 2, 0};
  events.weights = {1, 2, 1};
  events.tasks = 2;
  return events;
}

dataset pairs() {
  return make_dataset(numbered_ids(2), numbered_ids(3), std::vector<index>{0, 0, 1},
                      std::vector<index>{0, 1, 2}, std::vector<float>{1, 1, 1});
}

}  // namespace

TEST_CASE("an event teaches the tasks that it has a target of, by their weights") {
  const auto events = three_events();
  const std::vector<detail::task_loss> tasks{
      {.loss = nn::squared_error{}, .center = 3},
      {.loss = nn::cross_entropy{}, .weight = 0.5, .center = -1}};
  const dataset known = pairs();
  detail::rating_objective goal(events, tasks, known, 0, 1);
  const std::vector<index> numbers{0, 1, 2};
  owned_matrix outputs(3, 2);
  for (std::size_t r = 0; r < 3; ++r) outputs(r, 1) = 1;
  owned_matrix d(3, 2);
  const auto sums = goal.judge({numbers, 0}, outputs.view(), d.view());

  // Ratings of 3 for 4 and 2; clicks of probability 1/2, twice for an event of weight 2.
  CHECK(d(0, 0) == doctest::Approx(2.0 * (3 - 4) / 3));
  CHECK(d(1, 0) == 0);
  CHECK(d(2, 0) == doctest::Approx(2.0 * (3 - 2) / 3));
  CHECK(d(0, 1) == 0);
  CHECK(d(1, 1) == doctest::Approx(0.5 * 2 * (0.5 - 1) / 3));
  CHECK(d(2, 1) == doctest::Approx(0.5 * (0.5 - 0) / 3));
  CHECK(d.padding_is_zero());
  CHECK(sums.loss == doctest::Approx(1 + 1 + 0.5 * 3 * std::log(2)));
  CHECK(sums.weight == 2);
  CHECK(sums.squared_error == doctest::Approx(2));
  CHECK(sums.count == 2);
}

TEST_CASE("drawn items teach 0 to tasks that want it and that their event is of") {
  const auto events = three_events();
  const std::vector<detail::task_loss> tasks{{.negatives = false}, {.negatives = true}};
  const dataset known = pairs();
  detail::rating_objective goal(events, tasks, known, 1, 1);
  CHECK(goal.most_samples(3) == 6);
  const std::vector<index> numbers{0, 1, 2};
  std::vector<nn::sample> samples;
  goal.choose({numbers, 0}, samples);
  REQUIRE(samples.size() == 6);
  CHECK(samples[1].item == 2);  // the only one that user 0 has no event with
  CHECK(samples[3].item == 2);
  CHECK(samples[5].user == 1);
  CHECK(samples[5].item != 2);

  owned_matrix outputs(6, 2);
  for (std::size_t r = 0; r < 6; ++r) outputs(r, 0) = outputs(r, 1) = 7;
  owned_matrix d(6, 2);
  (void)goal.judge({numbers, 0}, outputs.view(), d.view());
  const double share = 2.0 / 6;
  const std::vector<double> ratings{share * (7 - 4), 0, 0, 0, share * (7 - 2), 0};
  const std::vector<double> clicks{0, 0, share * 2 * (7 - 1), share * 2 * 7, share * 7, share * 7};
  for (std::size_t r = 0; r < 6; ++r) {
    CAPTURE(r);
    CHECK(d(r, 0) == doctest::Approx(ratings[r]));
    CHECK(d(r, 1) == doctest::Approx(clicks[r]));
  }
}

TEST_CASE("tasks with events of their own are taught by these alone") {
  rating_columns columns;
  columns.users = {1, 1};
  columns.items = {0, 2};
  columns.values = {1, 3};
  columns.weights = {2, 4};
  const dataset own = make_dataset(numbered_ids(2), numbered_ids(3), std::move(columns));
  const std::vector<rating_task> tasks{
      {.name = "rating"}, {.name = "click", .ratings = own}, {.name = "any", .at_least = 1.0F}};
  const dataset train = pairs();
  const detail::task_events sources(tasks, train);
  CHECK(sources.pairs().size() == 4);
  const auto events = sources.all(feature_encoder({}, train), {});
  CHECK(std::vector<index>(events.users.begin(), events.users.end()) ==
        std::vector<index>{0, 0, 1, 1, 1});
  CHECK(std::vector<index>(events.items.begin(), events.items.end()) ==
        std::vector<index>{0, 1, 2, 0, 2});
  CHECK(std::vector<float>(events.weights.begin(), events.weights.end()) ==
        std::vector<float>{1, 1, 1, 2, 4});
  REQUIRE(events.targets.size() == 15);
  for (std::size_t e = 0; e < 5; ++e) {
    CHECK(std::isnan(events.targets[3 * e]) == (e >= 3));
    CHECK(std::isnan(events.targets[3 * e + 1]) == (e < 3));
    CHECK(std::isnan(events.targets[3 * e + 2]) == (e >= 3));
  }
  CHECK(events.targets[3 * 4 + 1] == 3);

  const auto losses = detail::losses_of(tasks, events, 0, true);
  CHECK(losses[1].center == 2);
  CHECK(losses[1].low == 1);
  CHECK(losses[1].high == 3);
}

}  // namespace kindred::rating_objective_test
