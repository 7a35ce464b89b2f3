#pragma once

#include <kindred/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace kindred {

namespace detail {

/// For sql_connection::quoted(): `identifier` between two `quote`s, with those inside doubled.
/// Throws option_error if it is empty or has a zero byte, where a database might take it to end.
[[nodiscard]] inline std::string quote_identifier(std::string_view identifier, char quote) {
  const bool is_sound = !identifier.empty() && identifier.find('\0') == identifier.npos;
  require_option(is_sound, "name of a table or column", identifier, "{text without a zero byte}");
  std::string text(1, quote);
  for (const char c : identifier) {
    if (c == quote) text += quote;
    text += c;
  }
  return text += quote;
}

}  // namespace detail

/// Bytes that are no text: a BLOB.
struct sql_bytes {
  std::string_view content;

  friend bool operator==(const sql_bytes&, const sql_bytes&) = default;
};

/// A cell of a row, or what stands for a `?` of a statement: NULL, a number, text in UTF-8 or
/// bytes. Whatever else a database has comes as text: DECIMAL with its digits, DATE and DATETIME as
/// `YYYY-MM-DD[ hh:mm:ss[.ffffff]]` in UTC.
using sql_value = std::variant<std::monostate, std::int64_t, double, std::string_view, sql_bytes>;

/// A prepared statement, to be run any number of times. Values only ever go in through its `?`, so
/// none of them can be taken for SQL. Must not outlive its connection; reconnecting ends it.
class sql_statement {
 public:
  sql_statement() = default;
  sql_statement(const sql_statement&) = delete;
  sql_statement& operator=(const sql_statement&) = delete;
  virtual ~sql_statement() = default;

  /// Runs it with a value for each `?`; what an earlier run left is given up.
  /// Throws data_error for another number of values, database_error.
  virtual void run(std::span<const sql_value> parameters = {}) = 0;

  /// Goes to the first row, or on to the next; false at the end and for what returns no rows. Rows
  /// are fetched as they are asked for, never all at once. Throws database_error.
  virtual bool next() = 0;

  /// The row that `next` went to; texts and bytes are valid until it goes on.
  [[nodiscard]] virtual std::span<const sql_value> row() const noexcept = 0;

  /// Names of the columns of a row; empty for what returns none.
  [[nodiscard]] virtual std::span<const std::string> columns() const noexcept = 0;

  /// How many rows the last run inserted, changed or deleted.
  [[nodiscard]] virtual std::uint64_t changed_rows() const noexcept = 0;
};

/// A connection to a database, as sqlite_connection (kindred/source/sqlite.hpp) and
/// mysql_connection (kindred/source/mysql.hpp) are. Another database takes part in everything that
/// kindred does with SQL once it has one of these.
///
/// Not for several threads at once. The rows of one statement are read to their end, or the
/// statement run anew or destroyed, before another one is prepared or run.
class sql_connection {
 public:
  sql_connection() = default;
  sql_connection(const sql_connection&) = delete;
  sql_connection& operator=(const sql_connection&) = delete;
  virtual ~sql_connection() = default;

  /// For messages: kind, place and database, never a password.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Throws database_error.
  [[nodiscard]] virtual std::unique_ptr<sql_statement> prepare(std::string_view text) = 0;

  /// Runs one statement that has no `?`; rows that it returns are dropped. Throws database_error.
  virtual void execute(std::string_view text) = 0;

  /// Gives up the connection and makes a new one, in one attempt. A transaction that was open is
  /// rolled back. Throws database_error.
  virtual void reconnect() = 0;

  /// An identifier (a table, a column) as this database quotes it, whatever is in it; the only way
  /// in which a name gets into a statement. Throws option_error if it is empty or has a zero byte.
  [[nodiscard]] virtual std::string quoted(std::string_view identifier) const = 0;
};

/// Begins a transaction, which is rolled back unless `commit` is reached.
class sql_transaction {
 public:
  /// Throws database_error.
  explicit sql_transaction(sql_connection& connection) : connection_(&connection) {
    connection.execute("BEGIN");
  }
  sql_transaction(const sql_transaction&) = delete;
  sql_transaction& operator=(const sql_transaction&) = delete;
  ~sql_transaction() {
    if (connection_ == nullptr) return;
    try {
      connection_->execute("ROLLBACK");
    } catch (...) {
      // The connection is gone, and with it the transaction.
    }
  }

  /// Throws database_error; whether the transaction took place is unknown if the connection was
  /// lost here.
  void commit() {
    connection_->execute("COMMIT");
    connection_ = nullptr;
  }

 private:
  sql_connection* connection_;
};

}  // namespace kindred
