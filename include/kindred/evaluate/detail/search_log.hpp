#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/mapped_file.hpp>
#include <kindred/evaluate/search_result.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Remembers finished trials in a file, so that a search that was cut off goes on; an empty path
/// remembers nothing. Safe from any thread.
class search_log {
 public:
  /// Reads what is there. Throws io_error, format_error.
  search_log(std::string path, const std::vector<std::string>& names) : path_(std::move(path)) {
    if (path_.empty()) return;
    file_.emplace(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (file_->get() < 0) fail();
    std::size_t whole = 0;
    {
      const mapped_file content(path_);
      known_ = parse_trials(path_, content.text(), names);
      whole = content.text().rfind('\n') + 1;  // 0 if there is no line
    }
    if (::ftruncate(file_->get(), static_cast<off_t>(whole)) != 0) fail();
    if (whole == 0) write(trial_header(names));
  }

  /// The score of a trial that is known, or null.
  [[nodiscard]] const double* find(const std::vector<double>& values,
                                   double budget) const noexcept {
    for (const search_trial& trial : known_)
      if (trial.budget == budget && trial.values == values) return &trial.score;
    return nullptr;
  }

  /// Throws io_error.
  void add(const search_trial& trial) const {
    if (file_) write(trial_line(trial));
  }

 private:
  /// In one piece, which the system does not mix with those of other threads.
  void write(std::string_view line) const {
    ssize_t count = 0;
    do count = ::write(file_->get(), line.data(), line.size());
    while (count < 0 && errno == EINTR);
    if (count < 0) fail();
    if (static_cast<std::size_t>(count) < line.size()) throw io_error(path_, "the disk is full");
  }

  [[noreturn]] void fail() const { throw io_error(path_, std::generic_category().message(errno)); }

  std::string path_;
  std::vector<search_trial> known_;  // when the search began
  std::optional<descriptor> file_;
};

}  // namespace kindred::detail
