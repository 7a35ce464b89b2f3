// Peak memory of load() from a SQLite file: what a source holds does not grow with its rows.
//   kindred_sqlite_memory [millions of ratings ...]
#include <kindred/source/sqlite.hpp>

#include <memory>

#include "scratch_file.hpp"
#include "sql_memory.hpp"

int main(int argc, char** argv) {
  kindred::bench::measure_loading(argc, argv, "INTEGER", [] {
    auto file = std::make_shared<kindred::bench::scratch_file>("memory.db");
    return [file] { return std::make_unique<kindred::sqlite_connection>(file->path()); };
  });
}
