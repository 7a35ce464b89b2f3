#pragma once

#include <kindred/source/arrow_abi.hpp>
#include <kindred/source/detail/arrow_array.hpp>
#include <kindred/source/detail/arrow_type.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

namespace kindred::detail {

/// Element `at` of a buffer, which need not be aligned.
template <class Number>
[[nodiscard]] Number load_element(const void* buffer, std::int64_t at) noexcept {
  Number number;
  constexpr auto size = static_cast<std::int64_t>(sizeof number);
  std::memcpy(&number, static_cast<const char*>(buffer) + at * size, sizeof number);
  return number;
}

/// The number of IEEE 754 that these 16 bits are.
[[nodiscard]] inline float float_of_half(std::uint16_t bits) noexcept {
  const int exponent = bits >> 10 & 0x1F;
  const int fraction = bits & 0x3FF;
  float magnitude = std::numeric_limits<float>::infinity();
  if (exponent == 0)
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  else if (exponent < 0x1F)
    magnitude = std::ldexp(static_cast<float>(0x400 + fraction), exponent - 25);
  else if (fraction != 0)
    magnitude = std::numeric_limits<float>::quiet_NaN();
  return bits >> 15 != 0 ? -magnitude : magnitude;
}

/// The values of an array, read where they lie. Elements count from the array's offset.
class arrow_values {
 public:
  /// Throws format_error unless the array can be of that type. That its buffers are as long as they
  /// should be is taken on trust: the ABI does not tell. `place` outlives the values.
  arrow_values(const arrow_type& type, const ArrowArray& array, const arrow_place& place)
      : type_(type), place_(&place), size_(array.length), offset_(array.offset) {
    // A validity bitmap, numbers; or that, offsets, text; or that, views, texts, their sizes.
    const bool has_views = type.storage == arrow_storage::text_view;
    std::int64_t buffers = type.is_text() ? 3 : 2;
    if (has_views) buffers = std::max(buffers, array.n_buffers);
    check_arrow_array(array, buffers, 0, place);
    validity_ = arrow_validity(array, offset_);
    data_ = array.buffers[1];
    if (data_ == nullptr && size_ > 0) place.fail("has no buffer of values");
    texts_ = std::span(array.buffers, static_cast<std::size_t>(buffers)).subspan(2);
    if (type.is_text() && !has_views && size_ > 0) {
      text_end_ = text_offset(size_);
      if (text_end_ > 0 && texts_[0] == nullptr) place.fail("has no buffer of text");
    }
    divisor_ = std::pow(10.0, type.scale);
  }

  [[nodiscard]] const arrow_type& type() const noexcept { return type_; }
  [[nodiscard]] std::int64_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_valid(std::int64_t at) const noexcept { return validity_[at]; }

  // An element, which must be one of size(), not NULL, and stored like that.

  template <class Number>
  [[nodiscard]] Number number(std::int64_t at) const noexcept {
    return load_element<Number>(data_, offset_ + at);
  }

  [[nodiscard]] int bit(std::int64_t at) const noexcept {
    at += offset_;
    return load_element<std::uint8_t>(data_, at / 8) >> at % 8 & 1;
  }

  [[nodiscard]] double decimal(std::int64_t at) const noexcept {
    std::uint32_t words[8] = {};
    const std::span used(words, type_.words);
    const char* const begin = static_cast<const char*>(data_);
    std::memcpy(words, begin + static_cast<std::size_t>(offset_ + at) * used.size_bytes(),
                used.size_bytes());
    if constexpr (std::endian::native == std::endian::big) std::reverse(used.begin(), used.end());
    const bool is_negative = used.back() >> 31 != 0;
    double number = 0;
    for (std::size_t w = used.size(); w > 0; --w)
      number = number * 0x1p32 + (is_negative ? ~used[w - 1] : used[w - 1]);
    return (is_negative ? -number - 1 : number) / divisor_;
  }

  /// Throws format_error if the text is not within its buffer.
  [[nodiscard]] std::string_view text(std::int64_t at) const {
    if (type_.storage == arrow_storage::text_view) return viewed_text(at);
    const std::int64_t begin = text_offset(at);
    const std::int64_t end = text_offset(at + 1);
    if (begin < 0 || begin > end || end > text_end_) place_->fail("has offsets out of order");
    return {static_cast<const char*>(texts_[0]) + begin, static_cast<std::size_t>(end - begin)};
  }

 private:
  [[nodiscard]] std::int64_t text_offset(std::int64_t at) const noexcept {
    return type_.storage == arrow_storage::text ? number<std::int32_t>(at)
                                                : number<std::int64_t>(at);
  }

  /// Its size, then up to 12 bytes of text, or 4 bytes, the number of a buffer, and a place in it;
  /// the last of the buffers has the sizes of the others.
  [[nodiscard]] std::string_view viewed_text(std::int64_t at) const {
    const char* const view = static_cast<const char*>(data_) + (offset_ + at) * 16;
    const auto size = load_element<std::int32_t>(view, 0);
    if (size >= 0 && size <= 12) return {view + 4, static_cast<std::size_t>(size)};
    const auto buffer = load_element<std::uint32_t>(view, 2);
    const auto begin = std::int64_t{load_element<std::int32_t>(view, 3)};
    const auto* const sizes = texts_.back();
    if (size < 0 || begin < 0 || buffer >= texts_.size() - 1 || texts_[buffer] == nullptr ||
        sizes == nullptr || begin + size > load_element<std::int64_t>(sizes, buffer))
      place_->fail("has a view outside of its buffers");
    return {static_cast<const char*>(texts_[buffer]) + begin, static_cast<std::size_t>(size)};
  }

  arrow_type type_;
  const arrow_place* place_;
  std::int64_t size_;
  std::int64_t offset_;
  arrow_validity validity_;
  const void* data_ = nullptr;          ///< numbers, offsets of texts, or views
  std::span<const void* const> texts_;  ///< buffers behind that one
  std::int64_t text_end_ = 0;
  double divisor_ = 1;
};

/// Calls `visit(load)`, where load(at) is an element as a number, of the stored type or an int.
/// Precondition: the values are no text.
template <class Visit>
void visit_numbers(const arrow_values& values, const Visit& visit) {
  const auto visit_as = [&]<class Number>(std::type_identity<Number>) {
    visit([&](std::int64_t at) { return +values.number<Number>(at); });
  };
  switch (values.type().storage) {
    case arrow_storage::int8:
      return visit_as(std::type_identity<std::int8_t>{});
    case arrow_storage::uint8:
      return visit_as(std::type_identity<std::uint8_t>{});
    case arrow_storage::int16:
      return visit_as(std::type_identity<std::int16_t>{});
    case arrow_storage::uint16:
      return visit_as(std::type_identity<std::uint16_t>{});
    case arrow_storage::int32:
      return visit_as(std::type_identity<std::int32_t>{});
    case arrow_storage::uint32:
      return visit_as(std::type_identity<std::uint32_t>{});
    case arrow_storage::int64:
      return visit_as(std::type_identity<std::int64_t>{});
    case arrow_storage::uint64:
      return visit_as(std::type_identity<std::uint64_t>{});
    case arrow_storage::float32:
      return visit_as(std::type_identity<float>{});
    case arrow_storage::float64:
      return visit_as(std::type_identity<double>{});
    case arrow_storage::boolean:
      return visit([&](std::int64_t at) { return values.bit(at); });
    case arrow_storage::decimal:
      return visit([&](std::int64_t at) { return values.decimal(at); });
    case arrow_storage::half:
      return visit(
          [&](std::int64_t at) { return float_of_half(values.number<std::uint16_t>(at)); });
    case arrow_storage::text:
    case arrow_storage::large_text:
    case arrow_storage::text_view:
      return;
  }
}

}  // namespace kindred::detail
