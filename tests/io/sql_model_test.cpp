#include <kindred/core/error.hpp>
#include <kindred/io/save.hpp>
#include <kindred/io/sql_model.hpp>
#include <kindred/source/sqlite.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <variant>

#include "../scratch_database.hpp"
#include "../source/support.hpp"
#include "../sqlite_place.hpp"
#include "sql_model_checks.hpp"
#include "support.hpp"
#include "table_model.hpp"

namespace kindred::sql_model_test {

using namespace test;

namespace {

struct other_model {
  static constexpr std::string_view kind = "other";
  template <class Reader>
  static other_model read(const Reader&) {
    return {};
  }
};

}  // namespace

TEST_CASE("a model comes back from a database as it was") {
  sql::check_models_come_back(sqlite_place());
}

TEST_CASE("wherever the connection is lost, a model is stored and loaded whole") {
  sql::check_lost_connections(sqlite_place());
}

TEST_CASE("wherever a process is killed, there is the old model or the new one") {
  sql::check_killed_processes(sqlite_place());
}

TEST_CASE("what is in the database is the file") {
  scratch_database scratch;
  create_table(scratch.connection, model_table{});
  const sql::large_model model(1);
  store_model(scratch.connection, "m", model);
  save(model, scratch.folder.path("m"));
  const auto select = scratch.connection.prepare("SELECT content FROM models ORDER BY position");
  select->run();
  std::string bytes;
  int parts = 0;
  for (; select->next(); ++parts) bytes += std::get<sql_bytes>(select->row()[0]).content;
  CHECK(bytes == read_file(scratch.folder.path("m")));
  CHECK(parts == 5);
}

TEST_CASE("what is no whole model in a database says so") {
  scratch_database scratch;
  sqlite_connection& db = scratch.connection;
  create_table(db, model_table{});
  const auto trouble_with = [&](const std::string& damage) {
    store_model(db, "m", sql::large_model(1));
    db.execute(damage);
    const auto error = error_of<format_error>([&] { (void)load_model<sql::large_model>(db, "m"); });
    CHECK(error.file() == std::string(db.name()) + ": model 'm'");
    return std::string(error.what()).substr(error.file().size());
  };
  CHECK(trouble_with("DELETE FROM models WHERE position = 0") ==
        ", column 1: a part of the file is not there");
  CHECK(trouble_with("DELETE FROM models WHERE position = 64512")
            .ends_with("a part of the file is not there"));
  CHECK(trouble_with("UPDATE models SET content = zeroblob(64512) WHERE position = 64512")
            .starts_with(": file is damaged"));
  CHECK(trouble_with("UPDATE models SET content = 'text' WHERE position = 0")
            .ends_with("a part of the file is not there"));
  CHECK(trouble_with("DELETE FROM models WHERE position = (SELECT MAX(position) FROM models)")
            .find("beyond the file") != std::string::npos);

  store_model(db, "m", table_model(3, 1));
  CHECK_THROWS_AS((void)load_model<other_model>(db, "m"), format_error);
  CHECK(std::string(error_of<data_error>([&] { (void)load_model<table_model>(db, "n"); }).what()) ==
        std::string(db.name()) + ": model 'n' is not there");
  CHECK_THROWS_AS((void)load_model<table_model>(db, "m", {.table = "b"}), database_error);
  CHECK_THROWS_AS(store_model(db, "m", table_model(3, 1), {.table = "b"}), database_error);
}

TEST_CASE("a model that cannot be stored leaves the old one") {
  scratch_database scratch;
  create_table(scratch.connection, model_table{});
  store_model(scratch.connection, "m", table_model(3, 1));
  table_model odd(10, 3);
  odd.text = "\xff";
  CHECK_THROWS_AS(store_model(scratch.connection, "m", odd), data_error);
  CHECK(load_model<table_model>(scratch.connection, "m") == table_model(3, 1));
}

}  // namespace kindred::sql_model_test
