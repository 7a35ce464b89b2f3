#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/detail/mysql_session.hpp>
#include <kindred/source/detail/mysql_statement.hpp>
#include <kindred/source/sql_connection.hpp>

#include <mysql.h>

#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace kindred {

enum class mysql_tls {
  off,
  required,  ///< encrypted, whoever the server may be
  verified   ///< encrypted, and the server's certificate is valid for `host`
};

struct mysql_options {
  /// A name or an address; reached over TCP, `localhost` too.
  std::string host = "localhost";
  unsigned port = 3306;
  /// The server's socket, in place of `host` and `port`.
  std::string unix_socket{};
  /// The name of who runs the program if empty.
  std::string user{};
  /// Kept for reconnect(), and shown nowhere.
  std::string password{};
  /// The one that tables without a database's name are in; may be empty.
  std::string database{};

  std::chrono::seconds connect_timeout{10};  ///< >= 1
  /// How long an answer may take, a slow query's first row included; 0 waits without an end.
  std::chrono::seconds read_timeout{300};
  std::chrono::seconds write_timeout{300};

  mysql_tls tls = mysql_tls::off;
  /// Files in PEM: the authorities that are trusted (the system's if empty), and the client's own
  /// certificate and key where the server asks for one.
  std::string tls_ca{};
  std::string tls_cert{};
  std::string tls_key{};
};

/// A connection to a MariaDB or MySQL server. Component kindred::mysql, over MariaDB Connector/C.
///
///   kindred::mysql_connection db{{.host = "db.example.com",
///                                 .user = "reader",
///                                 .password = secret,
///                                 .database = "movies"}};
///   const auto ratings = kindred::load(kindred::sql_source{db, {.table = "ratings"}});
///
/// Its session counts time in UTC, so that a TIMESTAMP is one, commits what is in no transaction,
/// and refuses a value that a column cannot hold. A statement is prepared, as well as run, only
/// when the rows of no other one are left; to give up a long result reads what is left of it. A
/// thread needs no initialisation of its own to use a connection.
///
/// Codes in errors are the server's, or from 2000 on the client library's; the SQLSTATE stands in
/// the message. A row that an UPDATE leaves as it was counts as changed.
class mysql_connection final : public sql_connection {
 public:
  /// Throws option_error, database_error if the server cannot be reached or refuses.
  explicit mysql_connection(mysql_options options)
      : options_(std::move(options)), session_(name_of(options_)) {
    reconnect();
  }

  /// Works on a connection that the application has open, and keeps: it must outlive this one, and
  /// reconnect() is refused. Its session stays as it is; text should be in utf8mb4 there, and the
  /// time zone '+00:00'.
  explicit mysql_connection(MYSQL* open_connection)
      : session_(std::string("mysql at ") + mysql_get_host_info(open_connection),
                 {open_connection, {.is_owner = false}}) {}

  [[nodiscard]] std::string_view name() const noexcept override { return session_.name(); }

  [[nodiscard]] std::unique_ptr<sql_statement> prepare(std::string_view text) override {
    return std::make_unique<detail::mysql_statement>(session_, text);
  }

  void execute(std::string_view text) override {
    // Not prepared: MySQL cannot prepare every statement, BEGIN for one.
    MYSQL* const db = session_.require_turn(nullptr);
    int status = mysql_real_query(db, text.data(), text.size());
    while (status == 0) {
      if (MYSQL_RES* const rows = mysql_use_result(db)) {
        while (mysql_fetch_row(rows) != nullptr) continue;
        mysql_free_result(rows);
      }
      if (mysql_errno(db) != 0) break;
      status = mysql_next_result(db);
    }
    if (mysql_errno(db) != 0) throw session_.error(db);
  }

  void reconnect() override {
    if (!session_.is_owner())
      throw session_.error(CR_ALREADY_CONNECTED, "the connection is the application's to reopen");
    session_.close();
    detail::mysql_handle db(mysql_init(nullptr));
    if (db == nullptr) throw std::bad_alloc();
    configure(db.get());
    const bool is_local = !options_.unix_socket.empty();
    // An empty password and not none, for which the library would look in the environment.
    if (mysql_real_connect(
            db.get(), is_local ? "localhost" : options_.host.c_str(), options_.user.c_str(),
            options_.password.c_str(), options_.database.c_str(), options_.port,
            is_local ? options_.unix_socket.c_str() : nullptr, CLIENT_FOUND_ROWS) == nullptr)
      throw session_.error(db.get());
    // Only where it verifies does the library itself insist on what it was told to enforce.
    if (options_.tls != mysql_tls::off && mysql_get_ssl_cipher(db.get()) == nullptr)
      throw session_.error(CR_SSL_CONNECTION_ERROR, "TLS is required, and the server offers none");
    session_.open(std::move(db));
    execute("SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = 'TRADITIONAL', autocommit = 1");
  }

  [[nodiscard]] std::string quoted(std::string_view identifier) const override {
    return detail::quote_identifier(identifier, '`');
  }

  /// For what only MariaDB and MySQL can do; null where reconnect() failed.
  [[nodiscard]] MYSQL* native_handle() const noexcept { return session_.native_handle(); }

 private:
  static std::string name_of(const mysql_options& o) {
    // The client library would take apart what looks like a URL or a list, passwords and all.
    if (o.host.empty() || o.host.find_first_of("/;=,@ ") != o.host.npos)
      throw option_error("host", "(not shown)", "{a name or an address}");
    require_option(o.port >= 1 && o.port <= 65535, "port", o.port, "[1, 65535]");
    require_option(o.connect_timeout.count() >= 1, "connect_timeout", o.connect_timeout.count(),
                   "[1, inf)");
    require_option(o.read_timeout.count() >= 0, "read_timeout", o.read_timeout.count(), "[0, inf)");
    require_option(o.write_timeout.count() >= 0, "write_timeout", o.write_timeout.count(),
                   "[0, inf)");
    return "mysql " + (o.database.empty() ? "" : o.database + " ") + "at " +
           (o.unix_socket.empty() ? o.host + ":" + detail::to_text(o.port) : o.unix_socket);
  }

  void configure(MYSQL* db) const {
    const auto set = [db](mysql_option option, auto value) { mysql_optionsv(db, option, &value); };
    const auto seconds = [](std::chrono::seconds s) { return static_cast<unsigned>(s.count()); };
    const auto file = [db](mysql_option option, const std::string& path) {
      if (!path.empty()) mysql_optionsv(db, option, path.c_str());
    };
    set(MYSQL_OPT_PROTOCOL,
        unsigned{options_.unix_socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET});
    set(MYSQL_OPT_CONNECT_TIMEOUT, seconds(options_.connect_timeout));
    set(MYSQL_OPT_READ_TIMEOUT, seconds(options_.read_timeout));
    set(MYSQL_OPT_WRITE_TIMEOUT, seconds(options_.write_timeout));
    set(MYSQL_OPT_LOCAL_INFILE, 0U);  // the server could read the client's files
    mysql_optionsv(db, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    set(MYSQL_OPT_SSL_ENFORCE, my_bool{options_.tls != mysql_tls::off});
    set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, my_bool{options_.tls == mysql_tls::verified});
    file(MYSQL_OPT_SSL_CA, options_.tls_ca);
    file(MYSQL_OPT_SSL_CERT, options_.tls_cert);
    file(MYSQL_OPT_SSL_KEY, options_.tls_key);
  }

  mysql_options options_;
  detail::mysql_session session_;
};

}  // namespace kindred
