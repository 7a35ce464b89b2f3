#include <doctest/doctest.h>

#include <kindred/evaluate/search.hpp>

#include "../data/support.hpp"
#include "../temporary_folder.hpp"

#include <atomic>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace kindred::search_test {

namespace {

using kindred::parameter_values;
using kindred::search_result;
using kindred::search_space;
using kindred::search_trial;

const search_space grid = {{.name = "a", .values = {1, 2, 3}}, {.name = "b", .values = {0.5, 4}}};
const search_space ranges = {{.name = "rate", .low = 1e-4, .high = 1, .logarithmic = true},
                             {.name = "shift", .low = -2, .high = 2},
                             {.name = "a", .values = {1, 2, 3}}};

/// Best at a = 2, b = 4.
double hill(const parameter_values& at) { return at["b"] - std::abs(at["a"] - 2); }

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a grid is tried point by point") {
  const search_result found = search_grid(grid, hill);
  const std::vector<search_trial> expected = {{{1, 0.5}, 1, -0.5}, {{1, 4}, 1, 3},
                                              {{2, 0.5}, 1, 0.5},  {{2, 4}, 1, 4},
                                              {{3, 0.5}, 1, -0.5}, {{3, 4}, 1, 3}};
  CHECK(found.trials == expected);
  CHECK(found.best() == expected[3]);
  CHECK(found.csv() ==
        "a,b,budget,score\n1,0.5,1,-0.5\n1,4,1,3\n2,0.5,1,0.5\n2,4,1,4\n3,0.5,1,-0.5\n3,4,1,3\n");
}

TEST_CASE("random points fill their ranges") {
  const search_result found =
      search_random(ranges, [](const auto& at) { return at["shift"]; }, {.trials = 4000});
  double below = 0;
  double shifts = 0;
  std::set<double> choices;
  for (const search_trial& trial : found.trials) {
    CHECK((trial.values[0] >= 1e-4 && trial.values[0] <= 1));
    CHECK((trial.values[1] >= -2 && trial.values[1] <= 2));
    below += trial.values[0] < 1e-2 ? 1 : 0;
    shifts += trial.values[1];
    choices.insert(trial.values[2]);
  }
  CHECK(below / 4000 == doctest::Approx(0.5).epsilon(0.06));  // half of the logarithms
  CHECK(std::abs(shifts / 4000) < 0.08);
  CHECK(choices == std::set<double>{1, 2, 3});
  CHECK(found.best().score > 1.95);
}

TEST_CASE("more random trials begin with the same points") {
  const auto constant = [](const auto&) { return 0.0; };
  const auto few = search_random(ranges, constant, {.trials = 5}).trials;
  const auto many = search_random(ranges, constant, {.trials = 9}).trials;
  CHECK(std::equal(few.begin(), few.end(), many.begin()));
  CHECK(search_random(ranges, constant, {.trials = 5, .seed = 1}).trials != few);
}

TEST_CASE("halving spends the budget on the best") {
  const auto learn = [](const parameter_values& at, double budget) {
    return -std::abs(at["shift"]) * (1 + 1 / budget);
  };
  const search_result found = search_halving(ranges, learn);
  std::vector<double> budgets;
  for (const search_trial& trial : found.trials) budgets.push_back(trial.budget);
  std::vector<double> expected(27, 1.0);
  expected.insert(expected.end(), 9, 3.0);
  expected.insert(expected.end(), 3, 9.0);
  CHECK(budgets == expected);
  double closest = 2;
  for (const search_trial& trial : found.trials)
    closest = std::min(closest, std::abs(trial.values[1]));
  CHECK(std::abs(found.best().values[1]) == closest);
  CHECK(found.best().budget == 9);
}

TEST_CASE("the last round of halving has the greatest budget") {
  const auto constant = [](const parameter_values&, double) { return 1.0; };
  const auto found =
      search_halving(grid, constant, {.trials = 2, .min_budget = 4, .max_budget = 10, .factor = 2});
  REQUIRE(found.trials.size() == 4);
  CHECK(found.trials[2].budget == 8);
  CHECK(found.trials[3].budget == 10);
  CHECK(found.trials[3].values == found.trials[0].values);  // the first among equals
}

TEST_CASE("a trial that diverges has no score, and is never the best") {
  const auto found = search_grid(grid, [](const parameter_values& at) {
    if (at["b"] > 1) throw kindred::divergence_error("model", 1, at["b"]);
    return hill(at);
  });
  CHECK(std::isnan(found.trials[1].score));
  CHECK(found.best().values == std::vector<double>{2, 0.5});
  const auto none = search_grid(grid, [](const auto&) { return std::nan(""); });
  CHECK_THROWS_AS((void)none.best(), kindred::data_error);
}

TEST_CASE("a search goes on where another was cut off") {
  const temporary_folder folder;
  const std::string log = folder.path("trials.csv");
  std::atomic<int> calls = 0;
  const auto fails_at_last = [&](const parameter_values& at) {
    if (at["a"] == 3) throw std::runtime_error("cut off");
    ++calls;
    return hill(at);
  };
  const auto once = [&] {
    return kindred::test::on_threads(1, [&] { return search_grid(grid, fails_at_last, log); });
  };
  CHECK_THROWS_AS((void)once(), std::runtime_error);
  const int before = calls;
  CHECK(before >= 1);
  std::ofstream(log, std::ios::app) << "3,0.";  // a line that was being written

  const auto counted = [&](const parameter_values& at) {
    ++calls;
    return hill(at);
  };
  CHECK(search_grid(grid, counted, log).trials == search_grid(grid, hill).trials);
  CHECK(calls == 6);
  CHECK(search_grid(grid, counted, log).trials == search_grid(grid, hill).trials);
  CHECK(calls == 6);
}

TEST_CASE("divergence is remembered, too") {
  const temporary_folder folder;
  const std::string log = folder.path("trials.csv");
  std::atomic<int> calls = 0;
  const auto diverges = [&](const auto&) -> double {
    ++calls;
    throw kindred::divergence_error("model", 1, 0.1);
  };
  for (int run = 0; run < 2; ++run)
    CHECK(std::isnan(search_grid(grid, diverges, log).trials[5].score));
  CHECK(calls == 6);
}

TEST_CASE("a log of something else is refused and left as it is") {
  const temporary_folder folder;
  for (const std::string text :
       {"x,budget,score\n1,1,1\n", "a,b,budget,score\n1,2,1\n", "a,b,budget,score\n1,2,1,one\n",
        "a,b,budget,score\n1,2,1,1,1\n"}) {
    const std::string log = folder.write("other.csv", text);
    CHECK_THROWS_AS((void)search_grid(grid, hill, log), kindred::format_error);
    CHECK(content(log) == text);
  }
  CHECK_THROWS_AS((void)search_grid(grid, hill, folder.path("none/log.csv")), kindred::io_error);
}

TEST_CASE("searches give the same on any number of threads") {
  const auto learn = [](const parameter_values& at, double budget) {
    return std::sin(at["shift"] * budget) + at["rate"];
  };
  const auto search = [&] { return search_halving(ranges, learn).csv(); };
  const std::string one = kindred::test::on_threads(1, search);
  CHECK(kindred::test::on_threads(2, search) == one);
  CHECK(kindred::test::on_threads(8, search) == one);
}

TEST_CASE("searches refuse spaces and options out of range") {
  const auto refused = [](const search_space& space) {
    CHECK_THROWS_AS((void)search_random(space, hill), kindred::option_error);
  };
  refused({});
  refused({{.name = "", .values = {1}}});
  refused({{.name = "a,b", .values = {1}}});
  refused({{.name = "a", .values = {1}}, {.name = "a", .values = {2}}});
  refused({{.name = "a", .values = {std::numeric_limits<double>::infinity()}}});
  refused({{.name = "a", .low = 2, .high = 1}});
  refused({{.name = "a", .low = 0, .high = 1, .logarithmic = true}});
  CHECK_THROWS_AS((void)search_grid(ranges, hill), kindred::option_error);
  CHECK_THROWS_AS((void)search_random(grid, hill, {.trials = 0}), kindred::option_error);
  const auto constant = [](const parameter_values&, double) { return 1.0; };
  for (const kindred::halving_options& options :
       {kindred::halving_options{.trials = 0}, kindred::halving_options{.min_budget = 0},
        kindred::halving_options{.max_budget = 0.5}, kindred::halving_options{.factor = 1}})
    CHECK_THROWS_AS((void)search_halving(grid, constant, options), kindred::option_error);
  CHECK_THROWS_AS((void)search_grid(grid, [](const auto& at) { return at["c"]; }),
                  kindred::option_error);
}

}  // namespace kindred::search_test
