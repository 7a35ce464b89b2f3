#include <kindred/core/error.hpp>
#include <kindred/data/load.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::load_test {

using namespace test;

namespace {

/// Hands out prepared batches.
struct batch_source {
  std::vector<rating_batch> batches;
  std::size_t at = 0;

  [[nodiscard]] std::string_view name() const { return "shop.csv"; }
  bool next(rating_batch& batch) {
    if (at == batches.size()) return false;
    batch = batches[at++];
    return true;
  }
};

rating_batch integer_batch(std::vector<std::int64_t> users, std::vector<std::int64_t> items,
                           std::vector<float> values, std::uint64_t first_line = 1) {
  rating_batch batch;
  for (std::size_t r = 0; r < values.size(); ++r) batch.lines.push_back(first_line + r);
  batch.users.integers = std::move(users);
  batch.items.integers = std::move(items);
  batch.values = std::move(values);
  return batch;
}

rating_batch text_batch(std::vector<std::string_view> users, std::vector<std::string_view> items,
                        std::vector<float> values) {
  rating_batch batch = integer_batch({}, {}, std::move(values));
  batch.users.texts = std::move(users);
  batch.items.texts = std::move(items);
  return batch;
}

/// Six ratings of which two are the same pair.
batch_source six() {
  return {{integer_batch({10, 20, 10}, {7, 7, 8}, {1, 2, 3}),
           integer_batch({30, 10, 20}, {9, 7, 9}, {4, 5, 1}, 4)}};
}

/// Three good rows and four bad ones.
batch_source spoiled() {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  batch_source source{
      {text_batch({"a", "b", "", "c", "d"}, {"x", "y", "x", "", "z"}, {1, nan, 2, 3, 4}),
       text_batch({"a"}, {"z"}, {5})}};
  auto& batch = source.batches[0];
  batch.lines = {2, 3, 5, 6, 7};
  batch.rejected = {{4, 3, "n/a", "the rating is not a number"}};
  source.batches[1].lines = {8};
  return source;
}

std::string ids_in_order(const id_map& ids) {
  std::string all;
  for (index i = 0; i < ids.size(); ++i) all += std::string(ids.id(i)) + ' ';
  return all;
}

template <class Error, class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "no such error";
}

}  // namespace

TEST_CASE("load: ids in the order of arrival, ratings under them") {
  load_report report;
  const dataset data = load(six(), {}, report);
  CHECK(ids_in_order(data.users()) == "10 20 30 ");
  CHECK(ids_in_order(data.items()) == "7 8 9 ");
  CHECK(ratings_of(data) ==
        std::vector<rating>{{0, 0, 5}, {0, 1, 3}, {1, 0, 2}, {1, 2, 1}, {2, 2, 4}});
  CHECK(report.rows_read == 6);
  CHECK(report.duplicates == 1);
  CHECK(report.rows_rejected == 0);
  CHECK(report.rows_filtered == 0);
}

TEST_CASE("load: takes a source by name as well as a temporary one") {
  batch_source source = six();
  CHECK(same(load(source), load(six())));
  CHECK(source.at == 2);
}

TEST_CASE("load: the duplicate policies") {
  const auto value = [](duplicate_policy policy) {
    return load(six(), {.duplicates = policy}).by_user(0).values()[0];
  };
  CHECK(value(duplicate_policy::last) == 5);
  CHECK(value(duplicate_policy::first) == 1);
  CHECK(value(duplicate_policy::mean) == 3);
  CHECK(value(duplicate_policy::max) == 5);
  CHECK(message_of<data_error>([&] { value(duplicate_policy::error); }) ==
        "shop.csv: user '10' rates item '7' more than once");
}

TEST_CASE("load: integers and text that spells them are one id across batches") {
  batch_source source{
      {integer_batch({1, 2}, {-5, 6}, {1, 2}), text_batch({"2", "01"}, {"-5", "6"}, {3, 4})}};
  const dataset data = load(source);
  CHECK(ids_in_order(data.users()) == "1 2 01 ");
  CHECK(ids_in_order(data.items()) == "-5 6 ");
  CHECK(data.size() == 4);
}

TEST_CASE("load: the first bad row in the order of the source ends it") {
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(message_of<format_error>([] { return load(spoiled()); }) ==
        "shop.csv:3: the rating is not finite: 'nan'");
  batch_source source = spoiled();
  source.batches[0].values[1] = 1;
  try {
    static_cast<void>(load(source));
    FAIL("no error");
  } catch (const format_error& e) {
    CHECK(e.file() == "shop.csv");
    CHECK(e.line() == 4);
    CHECK(e.column() == 3);
    CHECK(e.value() == "n/a");
    CHECK(std::string(e.what()) == "shop.csv:4, column 3: the rating is not a number: 'n/a'");
  }
  batch_source unnumbered{
      {integer_batch({1, 2}, {1, 2}, {1, 2}), integer_batch({3, 4}, {3, 4}, {3, inf})}};
  unnumbered.batches[1].lines.clear();
  CHECK(message_of<format_error>([&] { return load(unnumbered); }) ==
        "shop.csv:4: the rating is not finite: 'inf'");
}

TEST_CASE("load: bad rows are left out and reported when asked to") {
  load_report report;
  const dataset data = load(spoiled(), {.bad_rows = bad_row_policy::skip}, report);
  CHECK(ids_in_order(data.users()) == "a d ");
  CHECK(ids_in_order(data.items()) == "x z ");
  CHECK(ratings_of(data) == std::vector<rating>{{0, 0, 1}, {0, 1, 5}, {1, 1, 4}});
  CHECK(report.rows_read == 7);
  CHECK(report.rows_rejected == 4);
  REQUIRE(report.rejected.size() == 4);
  CHECK(report.rejected[0].line == 3);
  CHECK(report.rejected[0].value == "nan");
  CHECK(report.rejected[1].line == 4);
  CHECK(report.rejected[1].reason == "the rating is not a number");
  CHECK(report.rejected[2].reason == "the user id is empty");
  CHECK(report.rejected[3].reason == "the item id is empty");

  const load_options few{.bad_rows = bad_row_policy::skip, .max_reported_rows = 3};
  static_cast<void>(load(spoiled(), few, report));
  CHECK(report.rows_rejected == 4);
  CHECK(report.rejected.size() == 3);
}

TEST_CASE("load: times and weights follow their ratings") {
  batch_source source = six();
  std::int64_t time = 100;
  for (auto& batch : source.batches)
    for (std::size_t r = 0; r < batch.size(); ++r) {
      batch.weights.push_back(0.5F * static_cast<float>(time - 99));
      batch.times.push_back(time++);
    }
  CHECK(ratings_of(load(batch_source(source))) == std::vector<rating>{{0, 0, 5, 104, 2.5F},
                                                                      {0, 1, 3, 102, 1.5F},
                                                                      {1, 0, 2, 101, 1},
                                                                      {1, 2, 1, 105, 3},
                                                                      {2, 2, 4, 103, 2}});
  const dataset bare = load(batch_source(source), {.ignore_times = true, .ignore_weights = true});
  CHECK_FALSE(bare.has_times());
  CHECK_FALSE(bare.has_weights());

  batch_source weightless = source;
  weightless.batches[1].weights[1] = 0;
  CHECK(message_of<format_error>([&] { return load(weightless); }) ==
        "shop.csv:5: the weight is not finite and positive: '0'");
  batch_source mixed = source;
  mixed.batches[1].times.clear();
  CHECK(message_of<data_error>([&] { return load(mixed); }) ==
        "shop.csv: some batches have times or weights and some have not");
}

TEST_CASE("load: a source without usable ratings is an error that names it") {
  CHECK(message_of<data_error>([] { return load(batch_source{}); }) ==
        "shop.csv: no usable ratings");
  CHECK(message_of<data_error>([] { return load(batch_source{{rating_batch{}}}); }) ==
        "shop.csv: no usable ratings");
  batch_source bad{{text_batch({""}, {"x"}, {1})}};
  CHECK(message_of<data_error>([&] { return load(bad, {.bad_rows = bad_row_policy::skip}); }) ==
        "shop.csv: no usable ratings; rows left out: 1, the first at line 1 because the user "
        "id is empty");
}

TEST_CASE("load: refuses batches whose columns differ in length") {
  const auto message = [](const auto& spoil) {
    batch_source source = six();
    spoil(source.batches[1]);
    return message_of<data_error>([&] { return load(source); });
  };
  const std::string expected = "shop.csv: the columns of a batch differ in length";
  CHECK(message([](auto& b) { b.users.integers.pop_back(); }) == expected);
  CHECK(message([](auto& b) { b.items.texts.push_back("x"); }) == expected);
  CHECK(message([](auto& b) { b.times.push_back(1); }) == expected);
  CHECK(message([](auto& b) { b.weights.push_back(1); }) == expected);
  CHECK(message([](auto& b) { b.lines.pop_back(); }) == expected);
}

TEST_CASE("load: filters by counts, then by core, and drops what is left without ratings") {
  load_report report;
  const dataset data = load(six(), {.min_user_ratings = 2}, report);
  CHECK(ids_in_order(data.users()) == "10 20 ");
  CHECK(ids_in_order(data.items()) == "7 8 9 ");
  CHECK(report.rows_filtered == 1);
  CHECK(data.size() == 4);

  const dataset core = load(six(), {.min_item_ratings = 2, .k_core = 1}, report);
  CHECK(ids_in_order(core.items()) == "7 9 ");
  CHECK(report.rows_filtered == 1);
  CHECK(report.rows_read == core.size() + report.duplicates + report.rows_filtered);

  CHECK(message_of<data_error>([] { return load(six(), {.k_core = 3}); }) ==
        "shop.csv: the filters leave no ratings");
  CHECK_THROWS_AS(static_cast<void>(load(six(), {.k_core = -1})), option_error);
  CHECK_THROWS_AS(static_cast<void>(load(six(), {.min_user_ratings = -1})), option_error);
  CHECK_THROWS_AS(static_cast<void>(load(six(), {.min_item_ratings = -1})), option_error);
}

TEST_CASE("load: extends the ids of another dataset") {
  const dataset train = load(six());
  batch_source source{{integer_batch({40, 20, 20}, {9, 1, 7}, {1, 2, 3})}};
  const dataset test = load(batch_source(source), {.extend = train});
  CHECK(ids_in_order(test.users()) == "10 20 30 40 ");
  CHECK(ids_in_order(test.items()) == "7 8 9 1 ");
  CHECK(ratings_of(test) == std::vector<rating>{{1, 0, 3}, {1, 3, 2}, {3, 2, 1}});

  const dataset filtered = load(source, {.min_user_ratings = 2, .extend = train});
  CHECK(ids_in_order(filtered.users()) == "10 20 30 40 ");
  CHECK(filtered.size() == 2);
}

TEST_CASE("load: can be cancelled between batches") {
  std::stop_source stop;
  batch_source source = six();
  stop.request_stop();
  CHECK_THROWS_WITH_AS(static_cast<void>(load(source, {.stop = stop.get_token()})),
                       "loading shop.csv was cancelled", cancelled);
}

namespace {

/// May be read by any thread; its texts are gone when it goes on.
class restless_source {
 public:
  static constexpr bool any_thread = true;

  /// `last` is what happens at the end instead.
  explicit restless_source(int batches, std::function<void()> last = nullptr)
      : left_(batches), last_(std::move(last)) {}

  [[nodiscard]] std::string_view name() const { return "shop"; }
  bool next(rating_batch& batch) {
    texts_.clear();
    batch.clear();
    if (left_ == 0 && last_) last_();
    if (left_ == 0) return false;
    const bool in_texts = left_ % 3 == 0;
    for (std::int64_t r = 0; r < 100; ++r) {
      const std::int64_t user = r * left_ % 71;
      if (in_texts)
        batch.users.texts.push_back(*texts_.insert("user " + std::to_string(user)).first);
      else
        batch.users.integers.push_back(user);
      batch.items.integers.push_back(r);
      batch.values.push_back(static_cast<float>(left_));
      batch.lines.push_back(static_cast<std::uint64_t>(1'000 - 100 * left_ + r));
    }
    --left_;
    return true;
  }

 private:
  int left_;
  std::function<void()> last_;
  std::set<std::string> texts_;
};

struct patient_source : restless_source {
  static constexpr bool any_thread = false;
  using restless_source::restless_source;
};

}  // namespace

TEST_CASE("load: reading ahead changes nothing") {
  static_assert(any_thread_source<restless_source> && !any_thread_source<patient_source>);
  static_assert(!any_thread_source<batch_source>);
  const dataset ahead = load(restless_source(8));
  const dataset one_by_one = load(patient_source(8));
  CHECK(ids_in_order(ahead.users()) == ids_in_order(one_by_one.users()));
  CHECK(ratings_of(ahead) == ratings_of(one_by_one));

  const auto fail = [] { throw io_error("shop", "it is closed"); };
  CHECK(message_of<io_error>([&] { static_cast<void>(load(restless_source(8, fail))); }) ==
        "shop: it is closed");
}

TEST_CASE("load: many batches, the same bits on any number of threads") {
  const auto read = [] {
    const counter_rng rng(4);
    batch_source source;
    for (std::uint64_t b = 0; b < 20; ++b) {
      rating_batch batch;
      for (std::uint64_t r = 0; r < 5000; ++r) {
        const std::uint64_t k = b * 5000 + r;
        batch.users.integers.push_back(static_cast<std::int64_t>(rng.below(3 * k, 2000)));
        batch.items.integers.push_back(static_cast<std::int64_t>(rng.bits(3 * k + 1) % 999) << 33);
        batch.values.push_back(static_cast<float>(rng.below(3 * k + 2, 5)));
      }
      source.batches.push_back(std::move(batch));
    }
    return load(source, {.duplicates = duplicate_policy::mean, .k_core = 5});
  };
  const dataset serial = on_threads(1, read);
  CHECK(serial.size() > 90000);
  CHECK(same(serial, on_threads(2, read)));
  CHECK(same(serial, on_threads(8, read)));
}

}  // namespace kindred::load_test
