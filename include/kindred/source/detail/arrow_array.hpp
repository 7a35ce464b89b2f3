#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/arrow_abi.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace kindred::detail {

/// What of a source a message is about.
struct arrow_place {
  std::string source;
  std::size_t column = 0;  ///< from 1; 0 for the rows as a whole
  std::string name{};      ///< of the column

  [[noreturn]] void fail(std::string_view trouble, std::string value = {}) const {
    const std::string what = column > 0 ? quoted(name) : "record batch";
    throw format_error(source, 0, column, std::move(value), what + ' ' + std::string(trouble));
  }
};

/// Throws format_error unless an array has so many buffers and children, and may have them.
inline void check_arrow_array(const ArrowArray& array, std::int64_t buffers, std::int64_t children,
                              const arrow_place& place) {
  constexpr std::int64_t most_rows = std::numeric_limits<std::int64_t>::max() / 64;
  if (array.release == nullptr) place.fail("has been released");
  if (array.length < 0 || array.offset < 0 || array.offset > most_rows - array.length)
    place.fail("has " + to_text(array.length) + " rows at offset " + to_text(array.offset));
  if (array.n_buffers != buffers)
    place.fail("has " + to_text(array.n_buffers) + " buffers, not " + to_text(buffers));
  if (array.n_children != children)
    place.fail("has " + to_text(array.n_children) + " children, not " + to_text(children));
  if (array.buffers == nullptr || (children > 0 && array.children == nullptr))
    place.fail("has no list of its buffers or children");
  if (array.null_count < -1 || array.null_count > array.length)
    place.fail("has " + to_text(array.null_count) + " nulls in " + to_text(array.length) + " rows");
  if (array.null_count > 0 && array.buffers[0] == nullptr)
    place.fail("has nulls and no validity bitmap");
}

/// Which rows of an array are not NULL.
class arrow_validity {
 public:
  arrow_validity() = default;
  /// Of a checked array; rows are to be counted from `offset`.
  arrow_validity(const ArrowArray& array, std::int64_t offset) noexcept
      : bits_(array.null_count != 0 ? static_cast<const std::uint8_t*>(array.buffers[0]) : nullptr),
        offset_(offset) {}

  [[nodiscard]] bool operator[](std::int64_t row) const noexcept {
    if (bits_ == nullptr) return true;
    row += offset_;
    return (bits_[row / 8] >> row % 8 & 1) != 0;
  }

 private:
  const std::uint8_t* bits_ = nullptr;  ///< none if no row is NULL
  std::int64_t offset_ = 0;
};

}  // namespace kindred::detail
