#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/mapped_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace kindred::detail {

/// A file that takes the place of another at once, when it is whole and on the disk: whoever opens
/// `path` sees the old file or the new one, also after a crash. Until `commit` the bytes go to a
/// file of their own beside it, which is removed if there is no commit. A symbolic link at `path`
/// is replaced, not followed; the permissions of a file there are kept.
class atomic_file {
 public:
  /// Throws io_error if the directory of `path` takes no new file.
  explicit atomic_file(std::string path)
      : path_(std::move(path)), draft_(create_draft(path_)), file_(draft_.number) {
    struct stat old = {};
    if (::stat(path_.c_str(), &old) == 0 && S_ISREG(old.st_mode) &&
        ::fchmod(file_.get(), old.st_mode & 07777U) != 0)
      give_up(errno);
  }
  atomic_file(const atomic_file&) = delete;
  atomic_file& operator=(const atomic_file&) = delete;
  ~atomic_file() { remove_draft(); }

  /// Appends. Throws io_error.
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count =
          ::write(file_.get(), bytes.data(), std::min(bytes.size(), most_at_once));
      if (count < 0 && errno != EINTR) fail(errno);
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  /// Writes over what stands at byte `offset`. Throws io_error.
  void overwrite(std::size_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count =
          ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno != EINTR) fail(errno);
      if (count > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(count));
        offset += static_cast<std::size_t>(count);
      }
    }
  }

  /// Puts the file in its place, and returns when it is on the disk. Throws io_error, and unless
  /// only the last step failed, to bring the directory to the disk, the old file stands.
  void commit() {
    if (::fsync(file_.get()) != 0) fail(errno);
    if (std::rename(draft_.path.c_str(), path_.c_str()) != 0) fail(errno);
    draft_.path.clear();
    sync_directory();
  }

 private:
  struct draft {
    std::string path;
    int number;
  };

  static constexpr std::size_t most_at_once = std::size_t{1} << 30;  // Linux writes at most 2 GiB

  static draft create_draft(const std::string& path) {
    const std::string stem = path + ".tmp-" + to_text(::getpid()) + "-";
    for (int attempt = 0;; ++attempt) {
      std::string name = stem + to_text(attempt);
      const int number = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (number >= 0) return {std::move(name), number};
      // Another thread of this process writes to the same path, or one died while it did.
      if (errno != EEXIST) throw io_error(path, std::generic_category().message(errno));
    }
  }

  void sync_directory() const {
    const std::size_t slash = path_.rfind('/');
    const std::string name = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const descriptor directory(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0) fail(errno);
    // EINVAL: a file system that has no such thing.
    if (::fsync(directory.get()) != 0 && errno != EINVAL) fail(errno);
  }

  void remove_draft() noexcept {
    if (!draft_.path.empty()) ::unlink(draft_.path.c_str());
    draft_.path.clear();
  }

  [[noreturn]] void fail(int code) const {
    throw io_error(path_, std::generic_category().message(code));
  }

  /// fail() for the constructor, after which no destructor runs.
  [[noreturn]] void give_up(int code) {
    remove_draft();
    fail(code);
  }

  std::string path_;
  draft draft_;
  descriptor file_;
};

}  // namespace kindred::detail
