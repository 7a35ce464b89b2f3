#include <kindred/kindred.hpp>
#include <kindred/source/sqlite.hpp>

#include <string>

std::string first_column(const std::string& path) {
  kindred::sqlite_connection db{path};
  const auto statement = db.prepare("SELECT 1 AS one");
  return statement->columns()[0];
}
