#pragma once

#include <kindred/source/sqlite.hpp>

#include <memory>

#include "temporary_folder.hpp"

namespace kindred::test {

/// A connector to a SQLite database of its own. What is committed there outlives the process, but
/// not a power cut, which makes it quick.
class sqlite_place {
 public:
  [[nodiscard]] std::unique_ptr<sqlite_connection> operator()() const {
    auto db = std::make_unique<sqlite_connection>(folder_->path("scratch.db"));
    db->execute("PRAGMA synchronous = OFF");
    return db;
  }

 private:
  std::shared_ptr<temporary_folder> folder_ = std::make_shared<temporary_folder>();
};

}  // namespace kindred::test
