#pragma once

#include <kindred/source/sqlite.hpp>

#include <string>
#include <vector>

#include "temporary_folder.hpp"

namespace kindred::test {

/// A database of a test's own, in a file, made by some statements and removed at the end.
struct scratch_database {
  explicit scratch_database(const std::vector<std::string>& statements = {}) {
    for (const std::string& statement : statements) connection.execute(statement);
  }

  temporary_folder folder;
  sqlite_connection connection{folder.path("scratch.db")};
};

}  // namespace kindred::test
