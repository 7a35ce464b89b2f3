#include <kindred/core/error.hpp>
#include <kindred/source/mysql.hpp>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "../mariadb_server.hpp"
#include "support.hpp"

namespace kindred::mysql_tls_test {

using namespace test;

namespace {

/// A port that nobody listens on.
unsigned free_port() {
  const int any = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(any, generic, size) == 0);
  REQUIRE(::getsockname(any, generic, &size) == 0);
  ::close(any);
  return ntohs(address.sin_port);
}

/// Makes `<path>.pem` and `<path>.key` for that host; false where there is no openssl.
bool make_certificate(const std::string& path, const std::string& host) {
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
      "/CN=" +
      host + " -addext subjectAltName=DNS:" + host + " -keyout '" + path + ".key' -out '" + path +
      ".pem' 2>/dev/null";
  return std::system(command.c_str()) == 0;
}

std::string cipher_of(const mysql_options& login) {
  mysql_connection db(login);
  const auto statement = db.prepare("SHOW STATUS LIKE 'Ssl_cipher'");
  statement->run();
  REQUIRE(statement->next());
  return std::string(std::get<std::string_view>(statement->row()[1]));
}

}  // namespace

TEST_CASE("where TLS is required a server without it is refused") {
  if (!has_mariadb()) return;
  mysql_options login = shared_mariadb().login();
  CHECK(cipher_of(login).empty());
  for (const mysql_tls tls : {mysql_tls::required, mysql_tls::verified}) {
    login.tls = tls;
    const auto error = error_of<database_error>([&] { mysql_connection db(login); });
    CHECK(error.code() == CR_SSL_CONNECTION_ERROR);
    CHECK_FALSE(error.is_connection_lost());
  }
}

TEST_CASE("TLS over TCP reaches the server whose certificate is trusted, and no other") {
  if (!has_mariadb()) return;
  const temporary_folder folder;
  const std::string ours = folder.path("ours");
  const std::string others = folder.path("others");
  if (!make_certificate(ours, "localhost") || !make_certificate(others, "localhost")) {
    MESSAGE("SKIPPED: openssl is not installed");
    return;
  }
  const unsigned port = free_port();
  mariadb_server server({"--skip-networking=OFF", "--bind-address=127.0.0.1",
                         "--port=" + std::to_string(port), "--ssl-cert=" + ours + ".pem",
                         "--ssl-key=" + ours + ".key", "--ssl-ca=" + ours + ".pem"});
  mysql_connection root(server.login());
  root.execute("CREATE USER ann IDENTIFIED BY 's3cret' REQUIRE X509");
  root.execute("CREATE USER bob IDENTIFIED BY 's3cret'");

  mysql_options bob{.host = "localhost", .port = port, .user = "bob", .password = "s3cret"};
  CHECK(mysql_connection(bob).name() == "mysql at localhost:" + std::to_string(port));
  CHECK(cipher_of(bob).empty());
  bob.tls = mysql_tls::required;
  CHECK_FALSE(cipher_of(bob).empty());
  bob.tls = mysql_tls::verified;
  bob.tls_ca = ours + ".pem";
  CHECK_FALSE(cipher_of(bob).empty());

  const auto refuses = [](const mysql_options& login, int code) {
    const auto error = error_of<database_error>([&] { mysql_connection db(login); });
    CHECK(error.code() == code);
    CHECK(std::string_view(error.what()).find("s3cret") == std::string_view::npos);
  };
  mysql_options deceived = bob;
  deceived.tls_ca = others + ".pem";
  refuses(deceived, CR_SSL_CONNECTION_ERROR);
  deceived = bob;
  deceived.host = "127.0.0.1";  // the certificate does not say so
  refuses(deceived, CR_SSL_CONNECTION_ERROR);

  mysql_options ann = bob;
  ann.user = "ann";
  refuses(ann, ER_ACCESS_DENIED_ERROR);
  ann.tls_cert = ours + ".pem";
  ann.tls_key = ours + ".key";
  CHECK_FALSE(cipher_of(ann).empty());
}

}  // namespace kindred::mysql_tls_test
