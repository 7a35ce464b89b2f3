#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/sql_connection.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kindred {

static_assert(SQLITE_VERSION_NUMBER >= 3'037'000, "kindred needs SQLite 3.37");

enum class sqlite_access {
  read_only,   ///< the file must exist
  read_write,  ///< the file must exist
  create       ///< the file is created where there is none
};

struct sqlite_options {
  sqlite_access access = sqlite_access::create;
  /// How long a statement waits for another connection's lock before it fails; >= 0.
  std::chrono::milliseconds busy_timeout{5000};
};

namespace detail {

[[noreturn]] inline void throw_sqlite(std::string_view name, sqlite3* db, int code) {
  throw database_error(name, code, db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

/// Closes a connection that is not the application's; statements that are still there keep it open
/// until the last of them goes.
struct sqlite_closer {
  bool is_owner = true;
  void operator()(sqlite3* db) const noexcept {
    if (is_owner) sqlite3_close_v2(db);
  }
};

class sqlite_statement final : public sql_statement {
 public:
  sqlite_statement(const std::string& name, sqlite3* db, std::string_view text)
      : name_(name), db_(db) {
    sqlite3_stmt* prepared = nullptr;
    const char* rest = nullptr;
    constexpr std::size_t longest = std::numeric_limits<int>::max();  // which SQLite refuses, too
    const int code =
        sqlite3_prepare_v3(db, text.data(), static_cast<int>(std::min(text.size(), longest)),
                           SQLITE_PREPARE_PERSISTENT, &prepared, &rest);
    statement_.reset(prepared);
    if (code != SQLITE_OK) throw_sqlite(name_, db, code);
    if (prepared == nullptr) throw database_error(name_, SQLITE_MISUSE, "the statement is empty");
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    if (text.find_first_not_of(" \t\r\n;") != text.npos)
      throw database_error(name_, SQLITE_MISUSE, "more than one statement");
    const int columns = sqlite3_column_count(prepared);
    for (int c = 0; c < columns; ++c) columns_.emplace_back(sqlite3_column_name(prepared, c));
    row_.resize(columns_.size());
  }

  void run(std::span<const sql_value> parameters) override {
    sqlite3_stmt* const statement = statement_.get();
    sqlite3_reset(statement);
    status_ = SQLITE_DONE;
    changed_rows_ = 0;
    const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement));
    if (parameters.size() != wanted)
      throw data_error(name_ + ": the statement takes " + to_text(wanted) + " values, not " +
                       to_text(parameters.size()));
    for (std::size_t p = 0; p < wanted; ++p) {
      const int code = bind(static_cast<int>(p) + 1, parameters[p]);
      if (code != SQLITE_OK) throw_sqlite(name_, db_, code);
    }
    changes_before_ = sqlite3_total_changes64(db_);
    step();  // what is no query does its work here, and a query finds its first row
    is_first_ = true;
  }

  bool next() override {
    if (!std::exchange(is_first_, false) && status_ == SQLITE_ROW) step();
    if (status_ != SQLITE_ROW) return false;
    int column = 0;
    for (sql_value& cell : row_) read_cell(column++, cell);
    return true;
  }

  [[nodiscard]] std::span<const sql_value> row() const noexcept override { return row_; }
  [[nodiscard]] std::span<const std::string> columns() const noexcept override { return columns_; }
  [[nodiscard]] std::uint64_t changed_rows() const noexcept override { return changed_rows_; }

 private:
  struct finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };

  int bind(int at, const sql_value& value) {
    sqlite3_stmt* const statement = statement_.get();
    return std::visit(
        [&](const auto& v) {
          using value_type = std::remove_cvref_t<decltype(v)>;
          if constexpr (std::is_same_v<value_type, std::int64_t>)
            return sqlite3_bind_int64(statement, at, v);
          else if constexpr (std::is_same_v<value_type, double>)
            return sqlite3_bind_double(statement, at, v);
          else if constexpr (std::is_same_v<value_type, std::string_view>)
            return sqlite3_bind_text64(statement, at, v.data() == nullptr ? "" : v.data(), v.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
          else if constexpr (std::is_same_v<value_type, sql_bytes>)
            return sqlite3_bind_blob64(statement, at, v.content.empty() ? "" : v.content.data(),
                                       v.content.size(), SQLITE_TRANSIENT);
          else
            return sqlite3_bind_null(statement, at);
        },
        value);
  }

  void step() {
    status_ = SQLITE_DONE;  // also if it fails: SQLite would begin anew
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) {
      status_ = code;
      return;
    }
    if (code != SQLITE_DONE) throw_sqlite(name_, db_, code);
    // What changes no row leaves the count of the statement before it.
    if (sqlite3_total_changes64(db_) != changes_before_)
      changed_rows_ = static_cast<std::uint64_t>(sqlite3_changes64(db_));
    sqlite3_reset(statement_.get());  // lets go of its locks
  }

  void read_cell(int c, sql_value& cell) const {
    sqlite3_stmt* const statement = statement_.get();
    const auto text = [&](const void* data) {
      return std::string_view(static_cast<const char*>(data),
                              static_cast<std::size_t>(sqlite3_column_bytes(statement, c)));
    };
    // Twice as fast as to ask the statement for the type and then for the number. Texts and bytes
    // are asked of the statement all the same: what converts them needs its lock.
    sqlite3_value* const value = sqlite3_column_value(statement, c);
    switch (sqlite3_value_type(value)) {
      case SQLITE_INTEGER:
        cell = std::int64_t{sqlite3_value_int64(value)};
        return;
      case SQLITE_FLOAT:
        cell = sqlite3_value_double(value);
        return;
      case SQLITE_TEXT:
        cell = text(sqlite3_column_text(statement, c));
        return;
      case SQLITE_BLOB:
        cell = sql_bytes{text(sqlite3_column_blob(statement, c))};
        return;
      default:
        cell = std::monostate{};
    }
  }

  const std::string& name_;
  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, finalize> statement_;
  std::vector<std::string> columns_;
  std::vector<sql_value> row_;
  std::uint64_t changed_rows_ = 0;
  sqlite3_int64 changes_before_ = 0;
  int status_ = SQLITE_DONE;  ///< of the last step
  bool is_first_ = false;     ///< whether next() has yet to show the row that run() went to
};

}  // namespace detail

/// A database that SQLite keeps in a file. Component kindred::sqlite.
///
///   kindred::sqlite_connection db{"ratings.db"};
///   const auto ratings = kindred::load(kindred::sql_source{db, {.table = "ratings"}});
///
/// Rows that are being read hold a lock: another connection that wants to write waits for their
/// end, unless the database is in WAL mode. Codes in errors are SQLite's extended result codes.
class sqlite_connection final : public sql_connection {
 public:
  /// Throws database_error if the file cannot be opened.
  explicit sqlite_connection(std::string path, const sqlite_options& options = {})
      : path_(std::move(path)), name_("sqlite " + path_), options_(options) {
    const auto timeout = options.busy_timeout.count();
    require_option(timeout >= 0 && timeout <= std::numeric_limits<int>::max(), "busy_timeout",
                   timeout, "[0, 2147483647] milliseconds");
    require_option(path_.find('\0') == path_.npos, "path", path_, "{text without a zero byte}");
    open();
  }

  /// Works on a connection that the application has open, and keeps: it must outlive this one, and
  /// reconnect() is refused.
  explicit sqlite_connection(sqlite3* open_database)
      : name_("sqlite"), db_(open_database, detail::sqlite_closer{.is_owner = false}) {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }

  [[nodiscard]] std::unique_ptr<sql_statement> prepare(std::string_view text) override {
    return std::make_unique<detail::sqlite_statement>(name_, db_.get(), text);
  }

  void execute(std::string_view text) override {
    detail::sqlite_statement statement(name_, db_.get(), text);
    statement.run({});
    while (statement.next()) continue;
  }

  void reconnect() override {
    if (!db_.get_deleter().is_owner)
      throw database_error(name_, SQLITE_MISUSE, "the connection is the application's to reopen");
    open();
  }

  [[nodiscard]] std::string quoted(std::string_view identifier) const override {
    return detail::quote_identifier(identifier, '"');
  }

  /// For what only SQLite can do.
  [[nodiscard]] sqlite3* native_handle() const noexcept { return db_.get(); }

 private:
  void open() {
    constexpr int access[] = {SQLITE_OPEN_READONLY, SQLITE_OPEN_READWRITE,
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(
        path_.c_str(), &opened,
        access[static_cast<int>(options_.access)] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        nullptr);
    db_.reset(opened);
    if (code != SQLITE_OK) detail::throw_sqlite(name_, opened, code);
    sqlite3_busy_timeout(opened, static_cast<int>(options_.busy_timeout.count()));
  }

  std::string path_;
  std::string name_;
  sqlite_options options_;
  std::unique_ptr<sqlite3, detail::sqlite_closer> db_;
};

}  // namespace kindred
