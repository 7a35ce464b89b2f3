#pragma once

#include <kindred/core/error.hpp>

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Whether connecting anew may help after that error of the client or the server.
[[nodiscard]] constexpr bool is_mysql_connection_lost(unsigned code) noexcept {
  constexpr unsigned session_was_killed = 3169;  // MySQL alone has these two
  constexpr unsigned was_idle_for_too_long = 4031;
  switch (code) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case CR_ERR_NET_READ:
    case CR_ERR_NET_WRITE:
    case ER_CON_COUNT_ERROR:
    case ER_SERVER_SHUTDOWN:
    case ER_ABORTING_CONNECTION:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED:
    case ER_NEW_ABORTING_CONNECTION:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_CONNECTION_KILLED:
    case session_was_killed:
    case was_idle_for_too_long:
      return true;
    default:
      return false;
  }
}

/// Closes a connection that is not the application's.
struct mysql_closer {
  bool is_owner = true;
  void operator()(MYSQL* db) const noexcept {
    if (is_owner) mysql_close(db);
  }
};
using mysql_handle = std::unique_ptr<MYSQL, mysql_closer>;

/// What a connection and its statements share. The protocol has room for the rows of one statement
/// at a time, so this knows whose rows are still on their way.
class mysql_session {
 public:
  explicit mysql_session(std::string name, mysql_handle db = {})
      : name_(std::move(name)), db_(std::move(db)) {}
  mysql_session(const mysql_session&) = delete;
  mysql_session& operator=(const mysql_session&) = delete;
  ~mysql_session() { close(); }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool is_owner() const noexcept { return db_.get_deleter().is_owner; }
  [[nodiscard]] MYSQL* native_handle() const noexcept { return db_.get(); }
  /// Counts how often a connection was opened: a statement belongs to one of them.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  /// Takes over a connection in place of the present one.
  void open(mysql_handle connected) noexcept {
    close();
    db_ = std::move(connected);
  }

  /// Ends the connection, and with it what its statements can do.
  void close() noexcept {
    ++number_;
    db_.reset();
    end_reading(reader_);
  }

  /// Throws database_error unless `statement`, or one that is not prepared yet, may talk to the
  /// server now.
  MYSQL* require_turn(const MYSQL_STMT* statement) const {
    if (db_ == nullptr) throw error(CR_SERVER_GONE_ERROR, "not connected: reconnect first");
    if (reader_ != nullptr && reader_ != statement)
      throw error(CR_COMMANDS_OUT_OF_SYNC,
                  "another statement has rows left: read them to their end or destroy it first");
    return db_.get();
  }

  void begin_reading(MYSQL_STMT* statement) noexcept { reader_ = statement; }
  void end_reading(const MYSQL_STMT* statement) noexcept {
    if (reader_ != statement) return;
    reader_ = nullptr;
    for (MYSQL_STMT* const finished : std::exchange(finished_, {})) mysql_stmt_close(finished);
  }

  /// Frees a statement, which waits for the end of another one's rows: to close it drops whatever
  /// is on its way.
  void free(MYSQL_STMT* statement) noexcept {
    if (reader_ != nullptr && reader_ != statement) {
      finished_.push_back(statement);
    } else {
      mysql_stmt_close(statement);
      end_reading(statement);
    }
  }

  [[nodiscard]] database_error error(unsigned code, std::string_view what) const {
    return {name_, static_cast<int>(code), what, is_mysql_connection_lost(code)};
  }
  [[nodiscard]] database_error error(MYSQL* db) const {
    return error(mysql_errno(db), with_state(mysql_error(db), mysql_sqlstate(db)));
  }
  /// A row that does not come leaves its reason with the connection alone.
  [[nodiscard]] database_error error(MYSQL_STMT* statement) const {
    if (mysql_stmt_errno(statement) == 0) return error(db_.get());
    return error(mysql_stmt_errno(statement),
                 with_state(mysql_stmt_error(statement), mysql_stmt_sqlstate(statement)));
  }

 private:
  static std::string with_state(std::string message, std::string_view state) {
    return (message += " (SQLSTATE ").append(state) += ')';
  }

  std::string name_;
  mysql_handle db_;
  std::uint64_t number_ = 0;
  MYSQL_STMT* reader_ = nullptr;       ///< the one whose rows are on their way
  std::vector<MYSQL_STMT*> finished_;  ///< those to close once they have arrived
};

}  // namespace kindred::detail
