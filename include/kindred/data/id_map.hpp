#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>

#include <bit>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace kindred {

namespace detail {

/// Mixes the bits of a 64-bit key (the finaliser of MurmurHash3, by A. Appleby).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

/// Hash of an id's text; eight bytes a step, since ids are short.
[[nodiscard]] inline std::uint64_t hash_text(std::string_view text) noexcept {
  std::uint64_t hash = text.size();
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = mix(hash ^ word) + 0x9e3779b97f4a7c15ULL;
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return mix(hash ^ word);
}

/// The integer that `text` spells exactly as kindred would format it (no sign "+", no leading
/// zeros), so that "42" and 42 are one id while "042" stays text.
[[nodiscard]] inline std::optional<std::int64_t> canonical_integer(std::string_view text) noexcept {
  if (text.empty() || text.size() > 20) return std::nullopt;
  const std::size_t first = text[0] == '-' ? 1 : 0;
  if (text.size() == first || text[first] < '0' || text[first] > '9') return std::nullopt;
  if (text[first] == '0' && text.size() > 1) return std::nullopt;
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace detail

/// External ids and their dense indices, both ways. Immutable; copies share storage; safe to read
/// from any thread. Ids are text; an integer stands for its decimal digits.
class id_map {
 public:
  id_map() = default;

  /// Ids in the order of their indices, one after another in `text`; `offsets` has one more element
  /// than there are ids and starts at 0. O(ids).
  /// Throws data_error if an id occurs twice, or if the offsets do not fit the text.
  id_map(shared_array<std::uint64_t> offsets, shared_array<char> text)
      : offsets_(std::move(offsets)), text_(std::move(text)) {
    check_offsets();
    fill_slots();
  }

  [[nodiscard]] index size() const noexcept {
    return offsets_.empty() ? 0 : static_cast<index>(offsets_.size() - 1);
  }

  /// The id of a dense index; the view lives as long as any copy of this map.
  /// Precondition: 0 <= i < size().
  [[nodiscard]] std::string_view id(index i) const noexcept {
    const auto k = static_cast<std::size_t>(i);
    return {text_.data() + offsets_[k], static_cast<std::size_t>(offsets_[k + 1] - offsets_[k])};
  }

  /// The dense index of an id, or nothing if it is not known. O(1), no allocation.
  [[nodiscard]] std::optional<index> find(std::string_view id) const noexcept {
    if (slots_.empty()) return std::nullopt;
    const index found = slots_[slot_of(slots_, id)];
    return found == unknown_index ? std::nullopt : std::optional<index>(found);
  }

  template <std::integral Integer>
  [[nodiscard]] std::optional<index> find(Integer id) const noexcept {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, id).ptr;
    return find(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }

  /// find(), with `unknown_index` for an id that is not known.
  template <class Id>
  [[nodiscard]] index find_or_unknown(const Id& id) const noexcept {
    return find(id).value_or(unknown_index);
  }

  /// The storage, for writing to a file.
  [[nodiscard]] const shared_array<std::uint64_t>& offsets() const noexcept { return offsets_; }
  [[nodiscard]] const shared_array<char>& text() const noexcept { return text_; }

 private:
  void check_offsets() const {
    if (offsets_.empty()) {
      if (!text_.empty()) throw data_error("id map: text without offsets");
      return;
    }
    if (offsets_.size() - 1 > static_cast<std::size_t>(std::numeric_limits<index>::max()))
      throw data_error("id map: more than 2147483647 ids");
    bool sound = offsets_[0] == 0 && offsets_[offsets_.size() - 1] == text_.size();
    for (std::size_t i = 1; sound && i < offsets_.size(); ++i)
      sound = offsets_[i - 1] <= offsets_[i];
    if (!sound) throw data_error("id map: offsets do not fit the text");
  }

  void fill_slots() {
    if (size() == 0) return;
    // At most half full, so that a look-up probes about 1.5 slots.
    aligned_vector<index> slots(std::bit_ceil(2 * offsets_.size()), unknown_index);
    for (index i = 0; i < size(); ++i) {
      index& slot = slots[slot_of(slots, id(i))];
      if (slot != unknown_index)
        throw data_error("id map: id " + detail::quoted(id(i)) + " occurs twice");
      slot = i;
    }
    slots_ = std::move(slots);
  }

  /// Where `text` is, or the empty slot where it would be.
  template <class Slots>
  [[nodiscard]] std::size_t slot_of(const Slots& slots, std::string_view text) const noexcept {
    const std::size_t mask = slots.size() - 1;
    std::size_t slot = static_cast<std::size_t>(detail::hash_text(text)) & mask;
    while (slots[slot] != unknown_index && id(slots[slot]) != text) slot = (slot + 1) & mask;
    return slot;
  }

  shared_array<std::uint64_t> offsets_;
  shared_array<char> text_;
  shared_array<index> slots_;
};

}  // namespace kindred
