#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace kindred::bench {

/// A file name of this process, removed at the end.
class scratch_file {
 public:
  explicit scratch_file(std::string_view name)
      : path_(std::filesystem::temp_directory_path() /
              ("kindred_" + std::to_string(::getpid()) + "_" + std::string(name))) {}
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;
  ~scratch_file() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace kindred::bench
