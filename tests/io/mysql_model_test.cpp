#include <kindred/io/sql_model.hpp>
#include <kindred/source/mysql.hpp>

#include <doctest/doctest.h>

#include <memory>

#include "../mariadb_server.hpp"
#include "sql_model_checks.hpp"

namespace kindred::mysql_model_test {

using namespace test;

TEST_CASE("models are kept in MariaDB as in any database") {
  if (!has_mariadb()) return;
  const connector connect = [login = shared_mariadb().new_database()] {
    return std::make_unique<mysql_connection>(login);
  };
  SUBCASE("they come back") { sql::check_models_come_back(connect); }
  SUBCASE("lost connections") { sql::check_lost_connections(connect); }
  SUBCASE("killed processes") { sql::check_killed_processes(connect); }
}

}  // namespace kindred::mysql_model_test
