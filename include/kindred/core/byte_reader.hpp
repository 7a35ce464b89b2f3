#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace kindred {

/// A stream of bytes, read once from front to back: a compressed file, a socket, an archive member.
/// Derive from it to let a source read from whatever an application has. One virtual call fetches a
/// block, so its cost does not show.
class byte_reader {
 public:
  virtual ~byte_reader() = default;

  /// Fills the front of `space` and returns how many bytes it wrote. Only the end of the stream
  /// yields 0. Precondition: `space` is not empty. Throws io_error or format_error.
  virtual std::size_t read(std::span<char> space) = 0;

  /// What messages call the stream: a path, if it has one.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

 protected:
  byte_reader() = default;
  byte_reader(const byte_reader&) = default;
  byte_reader(byte_reader&&) = default;
  byte_reader& operator=(const byte_reader&) = default;
  byte_reader& operator=(byte_reader&&) = default;
};

}  // namespace kindred
