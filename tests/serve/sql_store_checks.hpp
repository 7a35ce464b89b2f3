#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/data/id_map_builder.hpp>
#include <kindred/serve/recommendations.hpp>
#include <kindred/serve/sql_store.hpp>
#include <kindred/source/detail/sql_cells.hpp>
#include <kindred/source/sql_connection.hpp>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "../brittle_connection.hpp"
#include "../source/support.hpp"

/// What holds of stored recommendations whatever the database is.
namespace kindred::test::store {

inline id_map numbered_ids(const std::string& prefix, int count) {
  id_map_builder ids;
  for (int i = 0; i < count; ++i) ids.intern(std::string_view(prefix + std::to_string(i)));
  return ids.finish();
}

/// Has a list for everybody, another one with every version. It starts no thread, so that a child
/// process may use it.
class list_maker {
 public:
  list_maker(int users, std::uint64_t version)
      : list_maker(numbered_ids("user ", users), numbered_ids("item ", 50), version) {}
  list_maker(id_map users, id_map items, std::uint64_t version)
      : users_(std::move(users)), items_(std::move(items)), version_(version) {}

  [[nodiscard]] const id_map& users() const noexcept { return users_; }

  [[nodiscard]] std::vector<recommendations> recommend(std::span<const std::string_view> users,
                                                       std::size_t k,
                                                       const recommend_options&) const {
    std::vector<recommendations> lists;
    for (const std::string_view user : users) {
      const auto u = static_cast<std::uint64_t>(users_.find_or_unknown(user));
      const auto first = counter_rng(version_).below(u, static_cast<std::uint32_t>(items_.size()));
      std::vector<scored_item> entries;
      for (std::size_t place = 0; place < (u % 9 == 8 ? 0 : k); ++place)  // a few have none
        entries.push_back(
            {static_cast<index>((first + place) % static_cast<std::size_t>(items_.size())),
             1.0F / static_cast<float>(place + 1)});
      lists.emplace_back(items_, std::move(entries));
    }
    return lists;
  }

 private:
  id_map users_;
  id_map items_;
  std::uint64_t version_;
};

/// user, place, item, score, run of every row, sorted as texts.
using stored_rows = std::vector<std::vector<std::string>>;

inline stored_rows rows_of(sql_connection& db, const recommendation_table& from = {}) {
  std::string columns;
  for (const std::string& column : {from.user, from.place, from.item, from.score, from.run})
    columns += (columns.empty() ? "" : ", ") + db.quoted(column);
  const auto select = db.prepare("SELECT " + columns + " FROM " + db.quoted(from.table));
  select->run();
  stored_rows rows;
  while (select->next()) {
    auto& row = rows.emplace_back();
    for (const sql_value& cell : select->row()) row.push_back(detail::cell_text(cell));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// What the table should hold when the lists of all have been stored.
inline stored_rows expected_rows(const list_maker& from, const store_options& options) {
  const auto ids = detail::ids_of(from.users(), options.users);
  const auto lists = from.recommend(ids, options.k, {});
  stored_rows rows;
  for (std::size_t u = 0; u < ids.size(); ++u) {
    int place = 0;
    for (const auto& [item, score] : lists[u])
      rows.push_back({std::string(ids[u]), std::to_string(++place), std::string(item),
                      detail::to_text(double{score}), std::to_string(options.run)});
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// Each list in the table is as long as it should be, and of one run.
inline void check_lists_are_whole(sql_connection& db, std::size_t k) {
  const auto odd = db.prepare(
      "SELECT COUNT(*) FROM (SELECT user_id FROM recommendations GROUP BY user_id HAVING COUNT(*) "
      "<> ? OR MAX(place) <> COUNT(*) OR MIN(run) <> MAX(run)) AS lists");
  odd->run(std::vector<sql_value>{static_cast<std::int64_t>(k)});
  REQUIRE(odd->next());
  CHECK(std::get<std::int64_t>(odd->row()[0]) == 0);
}

inline void check_runs_replace_each_other(const connector& connect) {
  const auto db = connect();
  create_table(*db, recommendation_table{});
  create_table(*db, recommendation_table{});  // it is there
  const list_maker first(40, 1);
  const store_options options{.k = 5, .batch_users = 7};
  std::vector<std::pair<std::size_t, std::size_t>> seen;
  store_options watched = options;
  watched.observer = [&](std::size_t done, std::size_t all) { seen.emplace_back(done, all); };
  const store_report report = store_recommendations(*db, first, watched);
  CHECK(report.users == 40);
  CHECK(report.stored_before == 0);
  CHECK(rows_of(*db) == expected_rows(first, options));
  CHECK(seen.size() == 6);
  CHECK(seen.front() == std::pair<std::size_t, std::size_t>(7, 40));
  CHECK(seen.back() == std::pair<std::size_t, std::size_t>(40, 40));

  CHECK(store_recommendations(*db, first, options).stored_before == 40);  // it is done
  CHECK(rows_of(*db) == expected_rows(first, options));

  const list_maker second(25, 2);  // fewer users, and shorter lists
  const store_options next{.k = 3, .run = 5, .batch_users = 100};
  store_recommendations(*db, second, next);
  CHECK(rows_of(*db) == expected_rows(second, next));

  store_options few{.k = 4, .users = std::vector<std::string>{"user 3", "user 90"}, .run = 6};
  store_recommendations(*db, list_maker(100, 3), few);  // the others stay
  stored_rows wanted;
  for (const auto& row : expected_rows(second, next))
    if (row[0] != "user 3") wanted.push_back(row);
  const auto added = expected_rows(list_maker(100, 3), few);
  wanted.insert(wanted.end(), added.begin(), added.end());
  std::sort(wanted.begin(), wanted.end());
  CHECK(rows_of(*db) == wanted);
}

inline void check_runs_take_turns(const connector& connect) {
  const auto db = connect();
  create_table(*db, recommendation_table{});
  const auto trouble_with = [&](const list_maker& lists, const store_options& options) {
    return std::string(
        error_of<data_error>([&] { store_recommendations(*db, lists, options); }).what());
  };
  const std::string start = std::string(db->name()) + ", table 'recommendations': run ";
  const list_maker lists(20, 1);
  store_options options{.run = 8, .batch_users = 6};
  options.observer = [&](std::size_t done, std::size_t) {
    if (done == 12) store_recommendations(*db, lists, {.run = 9});
  };
  CHECK(trouble_with(lists, options) == start + "8 comes too late: run 9 has begun");
  CHECK(rows_of(*db) == expected_rows(lists, {.run = 9}));
  CHECK(trouble_with(list_maker(21, 1), {.run = 9}) == start + "9 was begun for 20 users, not 21");
  CHECK(rows_of(*db) == expected_rows(lists, {.run = 9}));

  const auto other = connect();
  detail::recommendation_writer one(*db, {}, 10, 20);
  detail::recommendation_writer two(*other, {}, 10, 20);
  const std::vector<std::string_view> ids{"user 0", "user 1"};
  const auto both = lists.recommend(ids, 10, {});
  CHECK(one.begin() == 0);
  CHECK(two.begin() == 0);
  one.store(0, ids, both);
  CHECK(std::string(error_of<data_error>([&] { two.store(0, ids, both); }).what()) ==
        start + "10 is not alone: somebody else stores recommendations");
  CHECK(two.begin() == 2);
}

inline void check_stopping(const connector& connect) {
  const auto db = connect();
  create_table(*db, recommendation_table{});
  const list_maker old(30, 1);
  const list_maker lists(28, 2);
  std::int64_t run = 0;
  for (std::size_t stop_at = 5; stop_at <= 30; stop_at += 5) {
    CAPTURE(stop_at);
    store_recommendations(*db, old, {.run = ++run});
    std::stop_source source;
    store_options options{.run = ++run, .batch_users = 5, .stop = source.get_token()};
    options.observer = [&](std::size_t done, std::size_t) {
      if (done >= stop_at) source.request_stop();
    };
    if (stop_at < 28) {
      CHECK_THROWS_AS(store_recommendations(*db, lists, options), cancelled);
      check_lists_are_whole(*db, 10);
      options.stop = {};
      CHECK(store_recommendations(*db, lists, options).stored_before == stop_at);
    } else {
      store_recommendations(*db, lists, options);
    }
    CHECK(rows_of(*db) == expected_rows(lists, options));
  }
}

inline void check_lost_connections(const connector& connect) {
  const auto reader = connect();
  create_table(*reader, recommendation_table{});
  const list_maker lists(30, 1);
  std::int64_t run = 0;
  const auto store = [&](int lose_after) {
    CAPTURE(lose_after);
    store_recommendations(*reader, list_maker(35, 7), {.k = 2, .run = ++run});
    brittle_connection db(connect);
    db.lose_after(lose_after);
    const store_options options{.k = 11, .run = ++run, .batch_users = 20};
    store_recommendations(db, lists, options);
    CHECK(rows_of(*reader) == expected_rows(lists, options));
    return db.was_lost();
  };
  int calls = 0;
  while (store(calls)) ++calls;
  CHECK(calls > 40);
}

/// A child process stores lists and is killed, time and again, until one comes to its end. Nobody
/// may be connected meanwhile, and no other thread run.
inline void check_killed_processes(const connector& connect) {
  const list_maker lists(400, 2);
  const store_options options{.run = 2, .batch_users = 3};
  {
    const auto db = connect();
    create_table(*db, recommendation_table{});
    store_recommendations(*db, list_maker(500, 1), {});
  }
  const counter_rng rng(1);
  int kills = 0;
  for (bool is_done = false; !is_done;) {
    const ::pid_t child = ::fork();
    if (child == 0) {
      try {
        const auto db = connect();
        store_recommendations(*db, lists, options);
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    const auto patience = rng.below(static_cast<std::uint64_t>(kills), 20'000);
    std::this_thread::sleep_for(std::chrono::microseconds(patience));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    is_done = WIFEXITED(status);
    if (is_done) CHECK(WEXITSTATUS(status) == 0);
    if (!is_done) ++kills;
    check_lists_are_whole(*connect(), 10);
  }
  CHECK(kills > 0);
  CHECK(rows_of(*connect()) == expected_rows(lists, options));
}

inline void check_hostile_names(const connector& connect, const std::vector<std::string>& names) {
  const auto db = connect();
  db->execute("CREATE TABLE ratings (a INT)");
  id_map_builder ids;
  for (const std::string& name : names) ids.intern(std::string_view(name));
  const id_map hostile = ids.finish();
  const list_maker lists(hostile, hostile, 1);
  for (const std::string& name : names) {
    CAPTURE(name);
    const recommendation_table into{.table = name,
                                    .user = name,
                                    .place = name + "2",
                                    .item = name + "3",
                                    .score = name + "4",
                                    .run = name + "5"};
    create_table(*db, into);
    for (const std::int64_t run : {1, 2}) {
      store_recommendations(*db, lists, {.k = 3, .run = run}, into);
      CHECK(rows_of(*db, into) == expected_rows(lists, {.k = 3, .run = run}));
    }
  }
  db->execute("SELECT a FROM ratings");
}

}  // namespace kindred::test::store
