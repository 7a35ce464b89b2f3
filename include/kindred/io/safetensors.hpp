#pragma once

#include <kindred/core/error.hpp>
#include <kindred/io/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// The container of model files, https://github.com/huggingface/safetensors: eight bytes of header
// length, a JSON header, and the tensors, which cover the rest of the file without hole or overlap.

namespace kindred::detail {

static_assert(std::endian::native == std::endian::little,
              "model files are mapped into memory as they are, which needs a little-endian host");

struct tensor_type {
  std::string_view name;  ///< as safetensors spells it
  std::size_t size;       ///< bytes of an element

  friend bool operator==(const tensor_type&, const tensor_type&) = default;
};

inline constexpr std::array<tensor_type, 6> tensor_types = {
    {{"F32", 4}, {"F64", 8}, {"I32", 4}, {"I64", 8}, {"U8", 1}, {"U64", 8}}};

/// How the elements of an array are stored; text is U8.
template <class T>
[[nodiscard]] consteval tensor_type tensor_type_of() {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>, "no tensor of this type");
  if constexpr (std::is_floating_point_v<T>) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "no tensor of this type");
    return sizeof(T) == 4 ? tensor_types[0] : tensor_types[1];
  } else if constexpr (sizeof(T) == 1) {
    static_assert(std::is_unsigned_v<T> || std::is_same_v<T, char>, "no tensor of this type");
    return tensor_types[4];
  } else {
    static_assert(sizeof(T) == 8 || (sizeof(T) == 4 && std::is_signed_v<T>),
                  "no tensor of this type");
    return sizeof(T) == 4        ? tensor_types[2]
           : std::is_signed_v<T> ? tensor_types[3]
                                 : tensor_types[5];
  }
}

struct tensor_entry {
  std::string name;
  tensor_type type = {};
  std::vector<std::size_t> shape;
  std::size_t begin = 0;  ///< bytes from the start of the file
  std::size_t end = 0;
};

struct text_entry {
  std::string name;
  std::string value;
  std::size_t offset = 0;  ///< byte of the file where the value stands, behind its quote
};

/// What the header of a file says, checked against its size. Both lists are sorted by name.
struct tensor_layout {
  std::vector<tensor_entry> tensors;
  std::vector<text_entry> texts;  ///< __metadata__
};

template <class Entry>
[[nodiscard]] const Entry* find_entry(const std::vector<Entry>& entries, std::string_view name) {
  const auto at = std::lower_bound(
      entries.begin(), entries.end(), name,
      [](const Entry& entry, std::string_view wanted) { return entry.name < wanted; });
  return at != entries.end() && at->name == name ? &*at : nullptr;
}

/// The product of the extents, or nothing if it overflows.
template <class Shape>
[[nodiscard]] std::optional<std::size_t> element_count(const Shape& shape) noexcept {
  std::size_t count = 1;
  for (const std::size_t extent : shape) {
    if (extent != 0 && count > std::numeric_limits<std::size_t>::max() / extent)
      return std::nullopt;
    count *= extent;
  }
  return count;
}

/// Parses and checks the header of a file, trusting none of its numbers. O(header log header) time
/// and memory. Throws format_error, with the byte of the file as its column or the name of the
/// tensor as its value.
class tensor_layout_parser {
 public:
  /// `bytes` is the whole file.
  tensor_layout_parser(const std::string& file, std::string_view bytes)
      : file_(file),
        size_(bytes.size()),
        cursor_(file, header_of(file, bytes), length_size),
        data_begin_(length_size + cursor_.size()) {}

  [[nodiscard]] tensor_layout parse() && {
    cursor_.object([&](std::string name) {
      if (name == "__metadata__")
        read_texts();
      else
        read_tensor(std::move(name));
    });
    cursor_.end();
    check_cover();
    sort_by_name(layout_.tensors);
    sort_by_name(layout_.texts);
    return std::move(layout_);
  }

 private:
  static constexpr std::size_t length_size = 8;
  static constexpr std::uint64_t longest_header = 100'000'000;  // the limit of the format
  static constexpr std::size_t most_dimensions = 8;

  static std::string_view header_of(const std::string& file, std::string_view bytes) {
    if (bytes.size() < length_size)
      throw format_error(file, 0, bytes.size() + 1, {}, "ends within the length of its header");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), length_size);
    if (length > longest_header)
      throw format_error(file, 0, 1, to_text(length), "is no model file: length of its header");
    if (length > bytes.size() - length_size)
      throw format_error(file, 0, bytes.size() + 1, to_text(length),
                         "ends within its header, which claims this length");
    const auto header = bytes.substr(length_size, static_cast<std::size_t>(length));
    // cursor_ would skip space; the format wants none before the header, and any amount after.
    if (header.empty() || header[0] != '{')
      throw format_error(file, 0, length_size + 1, std::string(header.substr(0, 1)),
                         "header must begin with {");
    return header;
  }

  void read_texts() {
    if (std::exchange(has_texts_, true)) cursor_.fail("occurs twice", "__metadata__");
    cursor_.object([&](std::string name) {
      const std::size_t offset = cursor_.offset() + 1;
      layout_.texts.push_back({std::move(name), cursor_.string(), offset});
    });
  }

  void read_tensor(std::string name) {
    tensor_entry entry;
    entry.name = std::move(name);
    std::array<bool, 3> seen{};
    const auto once = [&](std::size_t which, const std::string& key) {
      if (std::exchange(seen[which], true)) cursor_.fail("occurs twice", key);
    };
    cursor_.object([&](const std::string& key) {
      if (key == "dtype") {
        once(0, key);
        entry.type = read_type();
      } else if (key == "shape") {
        once(1, key);
        entry.shape = read_numbers(most_dimensions);
      } else if (key == "data_offsets") {
        once(2, key);
        read_extent(entry);
      } else {
        cursor_.fail("unknown property of a tensor", key);
      }
    });
    if (!seen[0] || !seen[1] || !seen[2])
      cursor_.fail("tensor lacks one of dtype, shape and data_offsets", entry.name);
    check_size(entry);
    layout_.tensors.push_back(std::move(entry));
  }

  tensor_type read_type() {
    const std::string name = cursor_.string();
    for (const tensor_type& type : tensor_types)
      if (type.name == name) return type;
    cursor_.fail("dtype is none of F32, F64, I32, I64, U8, U64", name);
  }

  std::vector<std::size_t> read_numbers(std::size_t most) {
    std::vector<std::size_t> numbers;
    cursor_.array([&] {
      if (numbers.size() == most) cursor_.fail("too many numbers");
      numbers.push_back(cursor_.number());
    });
    return numbers;
  }

  void read_extent(tensor_entry& entry) {
    const auto offsets = read_numbers(2);
    const std::size_t data_size = size_ - data_begin_;
    if (offsets.size() != 2 || offsets[0] > offsets[1]) cursor_.fail("expected [begin, end]");
    if (offsets[1] > data_size) cursor_.fail("tensor reaches beyond the file", to_text(offsets[1]));
    entry.begin = data_begin_ + offsets[0];
    entry.end = data_begin_ + offsets[1];
  }

  void check_size(const tensor_entry& entry) const {
    // Not shape x size, which may overflow.
    const std::size_t bytes = entry.end - entry.begin;
    const auto count = element_count(entry.shape);
    if (bytes % entry.type.size != 0 || count != bytes / entry.type.size)
      cursor_.fail("shape and data_offsets of a tensor disagree", entry.name);
  }

  void check_cover() {
    auto& tensors = layout_.tensors;
    std::sort(tensors.begin(), tensors.end(), [](const tensor_entry& a, const tensor_entry& b) {
      return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    std::size_t covered = data_begin_;
    for (const tensor_entry& entry : tensors) {
      if (entry.begin != covered)
        throw format_error(
            file_, 0, entry.begin + 1, entry.name,
            entry.begin < covered ? "tensor overlaps another" : "tensor leaves a hole before it");
      covered = entry.end;
    }
    if (covered != size_)
      throw format_error(file_, 0, covered + 1, {}, "bytes behind the last tensor");
  }

  template <class Entry>
  void sort_by_name(std::vector<Entry>& entries) const {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    const auto twice =
        std::adjacent_find(entries.begin(), entries.end(),
                           [](const Entry& a, const Entry& b) { return a.name == b.name; });
    if (twice != entries.end()) throw format_error(file_, 0, 0, twice->name, "name occurs twice");
  }

  const std::string& file_;
  std::size_t size_;
  json_cursor cursor_;
  std::size_t data_begin_;
  tensor_layout layout_;
  bool has_texts_ = false;
};

}  // namespace kindred::detail
