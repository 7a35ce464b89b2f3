#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/detail/id_strings.hpp>
#include <kindred/source/detail/sql_key.hpp>
#include <kindred/source/detail/sql_rating_query.hpp>
#include <kindred/source/detail/sql_reconnect.hpp>
#include <kindred/source/detail/sql_relation.hpp>
#include <kindred/source/detail/sql_row_reader.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_source_options.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kindred {

/// Ratings from a table of a database, or from a query.
///
///     kindred::sqlite_connection db{"shop.db"};
///     kindred::load(kindred::sql_source{db, {.table = "ratings", .key = "id"}});
///     kindred::load(kindred::sql_source{
///         db, {.query = "SELECT buyer, product, 1 AS rating FROM orders WHERE day >= ?",
///              .parameters = {"2024-01-01"},
///              .user = "buyer"}});
///
/// It is one statement, whose rows are fetched as they are handed out: no more than a batch is
/// held. With a key they come in its order; else in the order of the query, or in none. Ids are
/// integers or text, ratings and weights are numbers, DECIMAL included, and times are numbers or
/// what parse_time() reads. Rows with anything else, such as NULL, a BLOB or an infinity, are
/// reported in `rating_batch::rejected`: by row from 1, and by column of the statement.
///
/// A lost connection is made anew. Reading goes on behind the last row that was handed out if there
/// is a key, so that each comes once, and from the beginning if there was none yet.
///
/// The connection must outlive the source, and runs nothing else until the source is at its end or
/// destroyed.
class sql_source {
 public:
  static constexpr bool any_thread = true;

  /// Throws option_error unless there is either a table or a query, format_error if a column is not
  /// there, database_error.
  explicit sql_source(sql_connection& db, sql_source_options from)
      : db_(&db),
        from_(checked(std::move(from))),
        name_(detail::relation_name(db, from_)),
        query_(detail::with_reconnects(
            db, from_.retry, [&] { return detail::make_rating_query(db, from_, name_); })),
        reader_(query_.places, from_.ticks_per_second) {
    for (sql_value& value : from_.parameters) keep_text(value);
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Reads on, some ten thousand rows at a time; false at the end. Throws data_error if the key is
  /// NULL or not unique, database_error, `cancelled`.
  bool next(rating_batch& batch) {
    const sql_retry retry = can_begin() ? from_.retry : sql_retry{.attempts = 0};
    try {
      return detail::with_reconnects(*db_, retry, [&] { return read(batch); });
    } catch (const database_error& e) {
      if (can_begin() || !e.is_connection_lost()) throw;
      throw_stranded(e.code());
    }
  }

 private:
  static sql_source_options checked(sql_source_options from) {
    detail::check_relation(from);
    require_option(from.ticks_per_second > 0, "ticks_per_second", from.ticks_per_second,
                   "[1, 9223372036854775807]");
    detail::check_retry(from.retry);
    return from;
  }

  void keep_text(sql_value& value) {
    if (auto* const text = std::get_if<std::string_view>(&value))
      *text = texts_.emplace_back(*text);
    else if (auto* const bytes = std::get_if<sql_bytes>(&value))
      bytes->content = texts_.emplace_back(bytes->content);
  }

  /// Whether a statement can begin where the last one ended.
  [[nodiscard]] bool can_begin() const noexcept { return rows_ == 0 || query_.key_place > 0; }
  [[noreturn]] void throw_stranded(int code) const {
    throw database_error(db_->name(), code,
                         "the connection was lost behind row " + detail::to_text(rows_) +
                             ", and there is no key by which to go on",
                         true);
  }

  [[nodiscard]] std::unique_ptr<sql_statement> begin() const {
    if (!can_begin()) throw_stranded(0);
    std::vector<sql_value> parameters = from_.parameters;
    if (key_.is_set()) parameters.push_back(key_.value());
    auto statement = db_->prepare(key_.is_set() ? query_.rest_text : query_.text);
    statement->run(parameters);
    return statement;
  }

  bool read(rating_batch& batch) {
    constexpr std::uint64_t batch_rows = 1 << 14;
    reader_.start(batch);
    if (is_at_end_) return false;
    // If this throws the statement is gone, and the batch read again by another one.
    auto statement = statement_ != nullptr ? std::move(statement_) : begin();
    detail::sql_key key = key_;
    std::uint64_t row = rows_;
    for (; row < rows_ + batch_rows; ++row) {
      is_at_end_ = !statement->next();
      if (is_at_end_) break;
      const std::span<const sql_value> cells = statement->row();
      if (query_.key_place > 0) key.advance(cells[query_.key_place - 1], name_, from_.key);
      reader_.read(cells, row + 1);
    }
    if (!is_at_end_) statement_ = std::move(statement);
    key_ = std::move(key);
    return std::exchange(rows_, row) < row;
  }

  sql_connection* db_;
  sql_source_options from_;
  std::string name_;
  detail::sql_rating_query query_;
  detail::sql_row_reader reader_;
  detail::id_strings texts_;  ///< of the parameters
  std::unique_ptr<sql_statement> statement_;
  detail::sql_key key_;     ///< of the last row that was handed out
  std::uint64_t rows_ = 0;  ///< that were handed out
  bool is_at_end_ = false;
};

}  // namespace kindred
