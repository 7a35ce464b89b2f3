#include <kindred/core/error.hpp>
#include <kindred/data/feature_table.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

namespace kindred::feature_table_test {

namespace {

feature_table films() {
  feature_table table(3);
  table.add("year", numeric_column({1977, std::numeric_limits<float>::quiet_NaN(), 1994}));
  table.add("title", text_column(std::vector<std::string>{"Star Wars", "", "Léon"}));
  table.add("country", categorical_column(std::vector<std::string>{"US", "", "FR"}));
  table.add("genres", multi_hot_column(std::vector<std::vector<std::string>>{
                          {"Action", "Sci-Fi"}, {}, {"Crime", "", "Action", "Crime"}}));
  return table;
}

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const data_error& e) {
    return e.what();
  }
  return "no data_error";
}

}  // namespace

TEST_CASE("feature_table: columns of every kind, with what is missing") {
  const feature_table table = films();
  CHECK(table.rows() == 3);
  CHECK(table.names() == std::vector<std::string>{"year", "title", "country", "genres"});
  CHECK(table.contains("year"));
  CHECK_FALSE(table.contains("Year"));

  CHECK(table.numeric("year")[0] == 1977.0F);
  CHECK_FALSE(table.numeric("year")[1].has_value());
  CHECK(table.numeric("year").values()[2] == 1994.0F);

  CHECK(table.text("title")[0] == "Star Wars");
  CHECK(table.text("title")[1].empty());
  CHECK(table.text("title")[2] == "Léon");

  const categorical_column& country = table.categorical("country");
  CHECK(country.vocabulary().size() == 2);
  CHECK(country.vocabulary().id(country[2]) == "FR");
  CHECK(country[1] == unknown_index);
  CHECK(country.codes()[0] == 0);

  const multi_hot_column& genres = table.multi_hot("genres");
  CHECK(genres.vocabulary().size() == 3);
  CHECK(genres[0].size() == 2);
  CHECK(genres[1].empty());
  REQUIRE(genres[2].size() == 2);
  CHECK(genres.vocabulary().id(genres[2][0]) == "Crime");
  CHECK(genres.vocabulary().id(genres[2][1]) == "Action");
  CHECK(genres.codes().size() == 4);
  CHECK(genres.offsets()[2] == 2);
}

TEST_CASE("feature_table: a copy shares the columns") {
  const feature_table table = films();
  const feature_table copy = table;
  CHECK(copy.numeric("year").values().data() == table.numeric("year").values().data());
  CHECK(copy.text("title")[0].data() == table.text("title")[0].data());
}

TEST_CASE("feature_table: a table without rows or columns") {
  feature_table table;
  CHECK(table.rows() == 0);
  CHECK(table.names().empty());
  table.add("title", text_column({}));
  table.add("genres", multi_hot_column({}));
  CHECK(table.text("title").rows() == 0);
  CHECK(table.multi_hot("genres").rows() == 0);
}

TEST_CASE("feature_table: errors name the columns that there are, and their kinds") {
  feature_table table = films();
  CHECK(message_of([&] { return table.numeric("age"); }) ==
        "no feature column 'age'; there are: year, title, country, genres");
  CHECK(message_of([] { return feature_table().column("age"); }) ==
        "no feature column 'age'; there are: none");
  CHECK(message_of([&] { return table.text("year"); }) ==
        "feature column 'year' is numeric, not text");
  CHECK(message_of([&] { return table.multi_hot("country"); }) ==
        "feature column 'country' is categorical, not multi-hot");
  CHECK(message_of([&] {
          table.add("length", numeric_column({1, 2}));
        }) == "feature column 'length' has 2 rows, the table 3");
  CHECK(message_of([&] {
          table.add("year", numeric_column({1, 2, 3}));
        }) == "there is a feature column 'year' already");
  CHECK(message_of([] {
          return numeric_column({1, std::numeric_limits<float>::infinity()});
        }) == "feature row 1 is infinite");
  CHECK(table.names().size() == 4);
}

}  // namespace kindred::feature_table_test
