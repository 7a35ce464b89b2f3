#pragma once

#include <kindred/core/error.hpp>
#include <kindred/serve/recommendation_table.hpp>
#include <kindred/serve/recommendations.hpp>
#include <kindred/source/detail/sql_relation.hpp>
#include <kindred/source/sql_connection.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kindred::detail {

/// `count` times `part`, with commas between.
[[nodiscard]] inline std::string repeated(std::string_view part, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text.append(i == 0 ? "" : ", ").append(part);
  return text;
}

/// What one run writes to a table of recommendations. Its progress is written in the same
/// transaction as the lists: it tells, too, whether a COMMIT took place whose answer was lost.
class recommendation_writer {
 public:
  /// `users` is how many the run has.
  recommendation_writer(sql_connection& db, const recommendation_table& into, std::int64_t run,
                        std::size_t users)
      : db_(&db),
        name_(std::string(db.name()) + ", table " + quoted(into.table)),
        table_(quoted_table(db, into.schema, into.table)),
        progress_(quoted_table(db, into.schema, progress_table(into))),
        user_column_(db.quoted(into.user)),
        run_column_(db.quoted(into.run)),
        columns_(user_column_ + ", " + db.quoted(into.place) + ", " + db.quoted(into.item) + ", " +
                 db.quoted(into.score) + ", " + run_column_),
        run_(run),
        users_(static_cast<std::int64_t>(users)) {}

  /// For how many users the run has stored lists; if it is new, those before it are given up.
  /// Throws data_error if there is a later one, or it had another number of users.
  std::size_t begin() {
    const auto select = db_->prepare("SELECT run, done, users FROM " + progress_ +
                                     " WHERE run >= ? ORDER BY run DESC LIMIT 1");
    select->run(std::array<sql_value, 1>{run_});
    if (select->next()) return done_of(select->row());
    sql_transaction transaction(*db_);
    run("DELETE FROM " + progress_ + " WHERE run < ?", std::array<sql_value, 1>{run_});
    run("INSERT INTO " + progress_ + " (run, done, users) VALUES (?, 0, ?)",
        std::array<sql_value, 2>{run_, users_});
    transaction.commit();
    return 0;
  }

  /// Replaces the lists of the next `users`, of whom `done` are before.
  void store(std::size_t done, std::span<const std::string_view> users,
             std::span<const recommendations> lists) {
    sql_transaction transaction(*db_);
    advance(static_cast<std::int64_t>(done), static_cast<std::int64_t>(done + users.size()));
    run("DELETE FROM " + table_ + " WHERE " + user_column_ + " IN (" + repeated("?", users.size()) +
            ')',
        std::vector<sql_value>(users.begin(), users.end()));
    insert(users, lists);
    transaction.commit();
  }

  /// Removes the lists that earlier runs have stored.
  void remove_older() {
    sql_transaction transaction(*db_);
    advance(users_, users_);
    run("DELETE FROM " + table_ + " WHERE " + run_column_ + " < ?", std::array<sql_value, 1>{run_});
    transaction.commit();
  }

 private:
  static constexpr std::size_t columns = 5;

  [[noreturn]] void fail(const std::string& what) const {
    throw data_error(name_ + ": run " + to_text(run_) + ' ' + what);
  }

  std::uint64_t run(const std::string& text, std::span<const sql_value> parameters) {
    const auto statement = db_->prepare(text);
    statement->run(parameters);
    return statement->changed_rows();
  }

  [[nodiscard]] std::size_t done_of(std::span<const sql_value> row) const {
    std::array<std::int64_t, 3> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto* const number = std::get_if<std::int64_t>(&row[i]);
      if (number == nullptr) fail("cannot go on: its progress is no number");
      numbers[i] = *number;
    }
    const auto [latest, done, users] = numbers;
    if (latest > run_) fail("comes too late: run " + to_text(latest) + " has begun");
    if (users != users_ || done < 0 || done > users)
      fail("was begun for " + to_text(users) + " users, not " + to_text(users_));
    return static_cast<std::size_t>(done);
  }

  /// Also makes sure that nobody else writes to the table: the row stays locked until the end of
  /// the transaction.
  void advance(std::int64_t from, std::int64_t to) {
    const std::uint64_t rows =
        run("UPDATE " + progress_ + " SET done = ? WHERE run = ? AND done = ?",
            std::array<sql_value, 3>{to, run_, from});
    if (rows != 1) fail("is not alone: somebody else stores recommendations");
  }

  void insert(std::span<const std::string_view> users, std::span<const recommendations> lists) {
    constexpr std::size_t most_rows = 100;
    std::unique_ptr<sql_statement> insert_most;
    std::vector<sql_value> values;
    for (std::size_t u = 0; u < users.size(); ++u) {
      std::int64_t place = 0;
      for (const auto& [item, score] : lists[u]) {
        values.insert(values.end(), {users[u], ++place, item, double{score}, run_});
        if (values.size() < columns * most_rows) continue;
        if (insert_most == nullptr) insert_most = prepare_insert(most_rows);
        insert_most->run(values);
        values.clear();
      }
    }
    if (!values.empty()) prepare_insert(values.size() / columns)->run(values);
  }

  [[nodiscard]] std::unique_ptr<sql_statement> prepare_insert(std::size_t rows) {
    return db_->prepare("INSERT INTO " + table_ + " (" + columns_ + ") VALUES " +
                        repeated('(' + repeated("?", columns) + ')', rows));
  }

  sql_connection* db_;
  std::string name_;
  std::string table_;
  std::string progress_;
  std::string user_column_;
  std::string run_column_;
  std::string columns_;
  std::int64_t run_;
  std::int64_t users_;
};

}  // namespace kindred::detail
