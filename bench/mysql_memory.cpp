// Peak memory of load() from a MariaDB server, without the server's own: what a source holds does
// not grow with its rows.
//   kindred_mysql_memory [millions of ratings ...]
#include <kindred/source/mysql.hpp>

#include <memory>

#include "../tests/mariadb_server.hpp"
#include "sql_memory.hpp"

int main(int argc, char** argv) {
  kindred::test::mariadb_server server;
  kindred::bench::measure_loading(argc, argv, "BIGINT", [&] {
    return [login = server.new_database()] {
      return std::make_unique<kindred::mysql_connection>(login);
    };
  });
}
