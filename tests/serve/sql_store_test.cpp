#include <kindred/core/error.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/serve/any_recommender.hpp>
#include <kindred/serve/recommender.hpp>
#include <kindred/serve/sql_store.hpp>
#include <kindred/source/sqlite.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

#include "../scratch_database.hpp"
#include "../source/sql_conformance.hpp"
#include "../sqlite_place.hpp"
#include "sql_store_checks.hpp"
#include "support.hpp"

namespace kindred::sql_store_test {

using namespace test;

TEST_CASE("a run replaces what earlier ones have stored") {
  store::check_runs_replace_each_other(sqlite_place());
}

TEST_CASE("runs take turns") { store::check_runs_take_turns(sqlite_place()); }

TEST_CASE("a run that was stopped goes on") { store::check_stopping(sqlite_place()); }

TEST_CASE("wherever the connection is lost, all is stored once") {
  store::check_lost_connections(sqlite_place());
}

TEST_CASE("wherever a process is killed, the next one goes on") {
  store::check_killed_processes(sqlite_place());
}

TEST_CASE("names and ids that are stored are no SQL") {
  store::check_hostile_names(sqlite_place(), sql::hostile_names);
}

TEST_CASE("what a recommender recommends is what is stored") {
  const dataset train =
      synthetic_ratings({.num_users = 300, .num_items = 40, .num_ratings = 2000, .seed = 5});
  const recommender shop{test::latent_stub<float>(train.num_users(), train.num_items(), 4), train};
  scratch_database scratch;
  sqlite_connection& db = scratch.connection;
  create_table(db, recommendation_table{});
  const recommend_options filter{.deny = {"3", "4"}};
  store_recommendations(db, shop, {.k = 6, .filter = filter});
  const auto rows = store::rows_of(db);
  std::size_t found = 0;
  for (index u = 0; u < train.num_users(); ++u) {
    const auto list = shop.recommend(train.users().id(u), 6, filter);
    for (std::size_t place = 0; place < list.size(); ++place, ++found) {
      const std::vector<std::string> row{std::string(train.users().id(u)),
                                         std::to_string(place + 1), std::string(list[place].id),
                                         detail::to_text(double{list[place].score}), "1"};
      CHECK(std::binary_search(rows.begin(), rows.end(), row));
    }
  }
  CHECK(found == rows.size());

  store_recommendations(db, any_recommender(shop), {.k = 6, .filter = filter, .run = 2});
  CHECK(store::rows_of(db).size() == rows.size());
}

TEST_CASE("options of storing are checked") {
  scratch_database scratch;
  sqlite_connection& db = scratch.connection;
  const store::list_maker lists(3, 1);
  CHECK_THROWS_AS(store_recommendations(db, lists, {}), database_error);  // there is no table
  create_table(db, recommendation_table{});
  const auto option = [&](const store_options& options) {
    return error_of<option_error>([&] { store_recommendations(db, lists, options); }).name();
  };
  CHECK(option({.batch_users = 0}) == "batch_users");
  CHECK(option({.batch_users = 10'001}) == "batch_users");
  CHECK(option({.retry = {.attempts = -1}}) == "attempts");
  store_recommendations(db, lists, {.k = 0});
  CHECK(store::rows_of(db).empty());
  store_recommendations(db, store::list_maker(0, 1), {.run = 2});
  CHECK(store::rows_of(db).empty());
}

}  // namespace kindred::sql_store_test
