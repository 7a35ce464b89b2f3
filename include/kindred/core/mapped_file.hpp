#pragma once

#include <cerrno>
#include <cstddef>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if __has_include(<sys/mman.h>)
#define KINDRED_HAS_MMAP 1
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#define KINDRED_HAS_MMAP 0
#include <cstdio>
#endif

namespace kindred {

/// The bytes of a file, read-only, mapped into memory where the system can; a pipe or a device is
/// read to its end instead. Copies share the mapping, which lasts as long as the last copy or its
/// `owner()`. Safe to read from any thread. As with any mapping, nobody may shorten the file
/// meanwhile.
class mapped_file {
 public:
  /// No file and no bytes.
  mapped_file() = default;

  /// Throws io_error, with the path and the system's reason, for a file that is missing, unreadable
  /// or a directory. An empty file is no error.
  explicit mapped_file(std::string path) : path_(std::move(path)) { open(); }

  /// Bytes that are in memory already; messages call them `name`.
  mapped_file(std::string name, aligned_vector<char> bytes) : path_(std::move(name)) {
    auto owner = std::make_shared<const aligned_vector<char>>(std::move(bytes));
    bytes_ = {owner->data(), owner->size()};
    owner_ = std::move(owner);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const char* data() const noexcept { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::string_view text() const noexcept { return {data(), size()}; }

  /// Keeps the bytes where they are.
  [[nodiscard]] const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

  /// Tells the system that `count` bytes from `offset` will not be needed soon, so that a file that
  /// is read once never fills the memory. They stay readable.
  void release(std::size_t offset, std::size_t count) const noexcept;

 private:
  void open();
  [[noreturn]] void fail(int code) const {
    throw io_error(path_, std::generic_category().message(code));
  }
  /// Reads to the end through `read_some(char*, std::size_t) -> std::size_t`.
  template <class ReadSome>
  void read_all(const ReadSome& read_some);

  std::string path_;
  std::shared_ptr<const void> owner_;
  std::string_view bytes_;
  bool is_mapped_ = false;
};

template <class ReadSome>
void mapped_file::read_all(const ReadSome& read_some) {
  constexpr std::size_t block = std::size_t{1} << 16;
  auto buffer = std::make_shared<aligned_vector<char>>();
  std::size_t size = 0;
  for (std::size_t got = 1; got > 0; size += got) {
    if (buffer->size() < size + block) buffer->resize(2 * size + block);
    got = read_some(buffer->data() + size, block);
  }
  bytes_ = {buffer->data(), size};
  owner_ = std::move(buffer);
}

#if KINDRED_HAS_MMAP

namespace detail {

/// Closes a file descriptor at the end of its scope.
class descriptor {
 public:
  explicit descriptor(int number) noexcept : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

}  // namespace detail

inline void mapped_file::open() {
  const detail::descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) fail(errno);
  if (S_ISDIR(status.st_mode)) fail(EISDIR);

  // Files of /proc claim to be empty, so that an empty file is read, too.
  if (!S_ISREG(status.st_mode) || status.st_size == 0) {
    return read_all([&](char* place, std::size_t count) {
      ssize_t got = 0;
      do got = ::read(file.get(), place, count);
      while (got < 0 && errno == EINTR);
      if (got < 0) fail(errno);
      return static_cast<std::size_t>(got);
    });
  }

  const auto size = static_cast<std::size_t>(status.st_size);
  void* const place = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (place == MAP_FAILED) fail(errno);
  owner_ = std::shared_ptr<void>(place, [size](void* mapping) { ::munmap(mapping, size); });
  bytes_ = {static_cast<const char*>(place), size};
  is_mapped_ = true;
}

inline void mapped_file::release(std::size_t offset, std::size_t count) const noexcept {
  if (!is_mapped_) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t begin = offset / page * page;
  const std::size_t end = (offset + count) / page * page;
  if (begin >= end) return;
  // Only a hint; the pages of a private mapping that nobody wrote to come back from the file.
  ::madvise(const_cast<char*>(data()) + begin, end - begin, MADV_DONTNEED);
}

#else

inline void mapped_file::open() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path_.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) fail(errno);
  read_all([&](char* place, std::size_t count) {
    const std::size_t got = std::fread(place, 1, count, file.get());
    if (std::ferror(file.get())) fail(errno);
    return got;
  });
}

inline void mapped_file::release(std::size_t, std::size_t) const noexcept {}

#endif

}  // namespace kindred
