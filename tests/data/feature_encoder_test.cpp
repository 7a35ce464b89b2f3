#include <kindred/core/error.hpp>
#include <kindred/data/calendar.hpp>
#include <kindred/data/detail/vocabulary.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/source/movielens.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "../ml_100k.hpp"
#include "feature_support.hpp"

namespace kindred::feature_encoder_test {

using namespace test;

namespace {

feature_encoder encoder_of(feature_set features) { return {features, few_ratings()}; }

/// The rows of users 0 to 3 and of an unknown one, with a field for that column alone.
std::vector<std::string> column_rows(const feature_encoding& column) {
  const feature_encoder encoder =
      encoder_of({.users = {few_users(), {column}}, .user_ids = false, .item_ids = false});
  std::vector<std::string> rows;
  for (const index user : {0, 1, 2, 3, -1}) rows.push_back(text_of(encoder.users()[user]));
  return rows;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("feature_encoder: one space of slots, field by field") {
  const feature_encoder encoder =
      encoder_of({.users = {few_users()}, .context = {{"weekend", weekend()}}});
  CHECK(text_of(encoder.user_fields()) == "id 0+4 age 4+2 city 6+4 tags 10+4 bio 14+5 ");
  CHECK(text_of(encoder.item_fields()) == "id 19+3 ");
  CHECK(text_of(encoder.context_fields()) == "weekend 22+3 ");
  CHECK(encoder.slots() == 25);

  CHECK(text_of(encoder.users()[0]) == "1:1 | 4:-1 | 7:1 | 11:0.5 12:0.5 | 15:0.5 16:0.5 ");
  CHECK(text_of(encoder.users()[3]) == "0:1 | 4:6 | 6:1 | 10:0.5 13:0.5 | 14:0.5 17:0.5 ");
  CHECK(text_of(encoder.users()[4]) == "0:1 | | 6:1 | | ");
  CHECK(text_of(encoder.items()[0]) == "20:1 ");
  CHECK(text_of(encoder.items()[2]) == "19:1 ");
  CHECK(text_of(encoder.items()[-1]) == "19:1 ");
}

TEST_CASE("feature_encoder: ids alone, without ids, and nothing at all") {
  const feature_encoder ids = encoder_of({});
  CHECK(ids.slots() == 7);
  CHECK(ids.users().size() == 4);
  CHECK(ids.context_fields().empty());

  const feature_encoder columns =
      encoder_of({.users = {few_users(), {{"age"}}}, .user_ids = false, .item_ids = false});
  CHECK(columns.slots() == 2);
  CHECK(columns.items()[0].fields() == 0);

  CHECK(feature_encoder().slots() == 0);
  CHECK(feature_encoder().users()[5].fields() == 0);
  CHECK(feature_encoder({}, dataset()).slots() == 2);
}

TEST_CASE("feature_encoder: numbers, by mean and deviation of those who have ratings") {
  CHECK(column_rows({"age"}) == texts{"0:-1 ", "1:1 ", "0:1 ", "0:6 ", ""});
}

TEST_CASE("feature_encoder: numbers that are alike, complete, far off or missing") {
  feature_table table(4);
  table.add("same", numeric_column({7, 7, 7, 1e30F}));
  table.add("whole", numeric_column({1, 2, 3, std::nanf("")}));
  table.add("far", numeric_column({0, 0, 3, -3e38F}));
  table.add("none", numeric_column({std::nanf(""), std::nanf(""), std::nanf(""), 5}));
  const feature_encoder encoder = encoder_of({.users = {table}, .user_ids = false});
  CHECK(text_of(encoder.user_fields()) == "same 0+1 whole 1+1 far 2+1 none 3+2 ");
  CHECK(text_of(encoder.users()[0]) == "0:0 | 1:-1.22474 | 2:-0.707107 | 4:1 ");
  CHECK(text_of(encoder.users()[3]) == "0:0 | | 2:-10 | 3:0 ");
}

TEST_CASE("feature_encoder: categories, where none is one") {
  CHECK(column_rows({"city"}) == texts{"1:1 ", "2:1 ", "3:1 ", "0:1 ", "0:1 "});
  CHECK(column_rows({"city", 2}) == texts{"0:1 ", "0:1 ", "0:1 ", "0:1 ", "0:1 "});

  feature_table table(4);
  table.add("city", categorical_column(texts{"Oslo", "Oslo", "Oslo", ""}));
  const feature_encoder one = encoder_of({.users = {table}, .user_ids = false});
  CHECK(one.user_fields()[0].slots == 2);
  CHECK(text_of(one.users()[2]) == "1:1 ");
  CHECK(text_of(one.users()[3]) == "0:1 ");
}

TEST_CASE("feature_encoder: bags are means") {
  CHECK(column_rows({"tags"}) ==
        texts{"1:0.5 2:0.5 ", "2:1 ", "1:0.333333 2:0.333333 3:0.333333 ", "0:0.5 3:0.5 ", ""});
  CHECK(column_rows({"tags", 2}) ==
        texts{"1:0.5 2:0.5 ", "2:1 ", "0:0.333333 1:0.333333 2:0.333333 ", "0:1 ", ""});
}

TEST_CASE("feature_encoder: text is a bag of tokens") {
  CHECK(column_rows({"bio"}) ==
        texts{"1:0.5 2:0.5 ", "2:0.333333 3:0.333333 4:0.333333 ", "", "0:0.5 3:0.5 ", ""});
  // A row counts once for a token, however often it has it.
  CHECK(column_rows({"bio", 2}) == texts{"0:0.5 1:0.5 ", "0:0.666667 1:0.333333 ", "", "0:1 ", ""});
}

TEST_CASE("feature_encoder: tokens end at what is neither letter nor digit of ASCII") {
  texts tokens;
  detail::for_each_token("  Élan VITAL: d'Où_x--42%;\t\x80z\n",
                         [&](std::string_view token) { tokens.emplace_back(token); });
  CHECK(tokens == texts{"Élan", "vital", "d", "où", "x", "42", "\x80z"});
}

TEST_CASE("feature_encoder: the hash is FNV-1a, as published") {
  CHECK(detail::fnv1a("") == 0xcbf29ce484222325U);
  CHECK(detail::fnv1a("a") == 0xaf63dc4c8601ec8cU);
  CHECK(detail::fnv1a("foobar") == 0x85944171f73967e8U);
  CHECK(detail::fnv1a("é") == 0x0ac21707b7181e01U);
}

TEST_CASE("feature_encoder: hashed categories have buckets and no vocabulary") {
  const auto bucket = [](std::string_view text) {
    return std::to_string(detail::fnv1a(text) % 1000) + ":1 ";
  };
  CHECK(column_rows({.name = "city", .buckets = 1000}) ==
        texts{bucket("Rome"), bucket(""), bucket("Oslo"), bucket("Bern"), ""});
  CHECK(column_rows({.name = "tags", .buckets = 1}) == texts{"0:1 ", "0:1 ", "0:1 ", "0:1 ", ""});
  CHECK(column_rows({.name = "bio", .buckets = 1}) == texts{"0:1 ", "0:1 ", "", "0:1 ", ""});
}

TEST_CASE("feature_encoder: what was not there in training brings its features") {
  const feature_encoder encoder =
      encoder_of({.users = {few_users(), {{"city"}, {"age"}, {.name = "tags", .buckets = 1}}}});
  CHECK(text_of(encoder.user_fields()) == "id 0+4 city 4+4 age 8+2 tags 10+1 ");
  feature_table table(2);  // its columns in another order, with others between
  table.add("tags", multi_hot_column(std::vector<texts>{{"x", "y"}, {}}));
  table.add("shoe", numeric_column({40, 41}));
  table.add("age", numeric_column({35, std::nanf("")}));
  table.add("city", categorical_column(texts{"Oslo", "Kyiv"}));
  const encoded_rows rows = encoder.encode_users(table);
  CHECK(rows.size() == 2);
  CHECK(text_of(rows[0]) == "0:1 | 7:1 | 8:0.5 | 10:1 ");
  CHECK(text_of(rows[1]) == "0:1 | 4:1 | 9:1 | ");
  CHECK(text_of(rows[2]) == text_of(encoder.users()[-1]));
  CHECK(encoder.encode_users(few_users())[0].all().size() == encoder.users()[0].all().size());
  CHECK(text_of(encoder.encode_items(feature_table(1))[0]) == "11:1 ");

  CHECK_THROWS_WITH_AS((void)encoder.encode_users(feature_table(3)),
                       "users: no feature column 'city'; there are: none", data_error);
  feature_table odd(1);
  odd.add("city", text_column(texts{"Oslo"}));
  CHECK_THROWS_WITH_AS((void)encoder.encode_users(odd),
                       "users: feature column 'city' is text, not categorical", data_error);
}

TEST_CASE("feature_encoder: contexts by value and by rating") {
  const feature_set features{.context = {{"weekend", weekend()}, {"time of day", time_of_day()}}};
  const feature_encoder encoder = encoder_of(features);
  CHECK(text_of(encoder.context_fields()) == "weekend 7+3 time of day 10+5 ");
  CHECK(encoder.context_slot(0, 0) == 8);
  CHECK(encoder.context_slot(0, 1) == 9);
  for (const int other : {unknown_index, 2, 2147483647, -2147483647})
    CHECK(encoder.context_slot(0, other) == 7);
  CHECK(encoder.context_slot(1, 3) == 14);

  CHECK(encoder.context_slots(features.context, few_ratings()) ==
        aligned_vector<index>{9, 13, 8, 13, 9, 13});
  CHECK(encoder.context_slots(features.context, dataset()).empty());
  CHECK_THROWS_WITH_AS((void)encoder.context_slots({}, few_ratings()),
                       "the contexts are none, those in training were weekend of 2, time of day "
                       "of 4",
                       data_error);
}

TEST_CASE("feature_encoder: a table may have more rows than there are ids, not fewer") {
  feature_table table(6);
  table.add("age", numeric_column({1, 2, 3, 4, 5, 6}));
  const feature_encoder encoder = encoder_of({.users = {table}, .items = {table}});
  CHECK(encoder.users().size() == 6);
  CHECK(text_of(encoder.users()[5]) == "0:1 | 4:4.89898 ");
  CHECK_THROWS_WITH_AS(feature_encoder({.items = {table}}, random_dataset(200, 9, 8, 3)),
                       "items: the feature table has 6 rows for 8 items", data_error);
  // Without columns there is nothing to tell of anybody.
  CHECK(encoder_of({.users = {feature_table(1)}}).users().size() == 4);
}

TEST_CASE("feature_encoder: options are checked, and slots counted") {
  CHECK_THROWS_AS((void)encoder_of({.users = {few_users(), {{"bio", 0}}}}), option_error);
  CHECK_THROWS_WITH_AS(
      (void)encoder_of({.users = {few_users(), {{.name = "bio", .buckets = 2147483647}}}}),
      "features: more than 2147483647 slots, with those of 'bio'", data_error);
}

TEST_CASE("feature_encoder: ages, genders, occupations and zip codes of ml-100k") {
  const auto folder = data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA is not set");
    return;
  }
  const auto data = movielens::load(*folder + "/ml-100k");
  const feature_encoder all({.users = {data.users}}, data.ratings);
  CHECK(text_of(all.user_fields()) ==
        "id 0+944 age 944+1 gender 945+3 occupation 948+22 zip 970+796 ");
  const feature_encoder hashed({.users = {data.users, {{"age"}, {.name = "zip", .buckets = 100}}}},
                               data.ratings);
  CHECK(text_of(hashed.user_fields()) == "id 0+944 age 944+1 zip 945+100 ");
  const feature_encoder frequent({.users = {data.users, {{"zip", 3}}}}, data.ratings);
  CHECK(text_of(frequent.user_fields()) == "id 0+944 zip 944+29 ");

  // The first line of u.user is 1|24|M|technician|85711; the mean age is 34.051962, the deviation
  // 12.186273, both over the whole file, and 85711 hashes to 85 modulo 100.
  const encoded_row row = hashed.users()[*data.ratings.users().find("1")];
  CHECK(row[1].values[0] == doctest::Approx(-0.8248593888766552));
  CHECK(row[2].slots[0] == 945 + 85);
}

TEST_CASE("feature_encoder: only what is in a fold of ml-100k is learnt from") {
  const auto folder = data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA is not set");
    return;
  }
  const auto data = movielens::load(*folder + "/ml-100k");
  const auto [train, test] = movielens::load_fold(*folder + "/ml-100k", "u1");
  const feature_encoder encoder({.items = {data.items, {{"genres"}, {"year"}}}}, train);
  CHECK(text_of(encoder.item_fields()) == "id 944+1651 genres 2595+19 year 2614+2 ");

  std::vector<double> years;
  for (index i = 0; i < train.num_items(); ++i)
    if (const auto year = data.items.numeric("year")[i]; year && !train.by_item(i).empty())
      years.push_back(double{*year});
  const auto count = static_cast<double>(years.size());
  CHECK(count == 1649);
  const double mean = std::accumulate(years.begin(), years.end(), 0.0) / count;
  const double deviation = std::sqrt(
      std::inner_product(years.begin(), years.end(), years.begin(), 0.0) / count - mean * mean);

  for (index i = 0; i < train.num_items(); ++i) {
    const encoded_row row = encoder.items()[i];
    CHECK((row[0].slots[0] == 944) == train.by_item(i).empty());
    const std::size_t genres = data.items.multi_hot("genres")[i].size();
    CHECK(row[1].size() == genres);
    for (const float weight : row[1].values) CHECK(weight == 1.0F / static_cast<float>(genres));
    const auto year = data.items.numeric("year")[i];
    CHECK(row[2].slots[0] == (year ? 2614 : 2615));
    const double expected = year ? (double{*year} - mean) / deviation : 1;
    CHECK(row[2].values[0] == doctest::Approx(expected < -10 ? -10 : expected));
  }
}

}  // namespace kindred::feature_encoder_test
