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
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

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
///
/// A map that was `extended` keeps the new ids apart, in parts whose sizes at least halve from one
/// to the next, so that look-ups pass some log2 of them.
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
    return own_size() + (later_ == nullptr ? 0 : later_->size());
  }

  /// The id of a dense index; the view lives as long as any copy of this map.
  /// Precondition: 0 <= i < size().
  [[nodiscard]] std::string_view id(index i) const noexcept {
    if (i >= own_size()) return later_->id(i - own_size());
    const auto k = static_cast<std::size_t>(i);
    return {text_.data() + offsets_[k], static_cast<std::size_t>(offsets_[k + 1] - offsets_[k])};
  }

  /// The dense index of an id, or nothing if it is not known. O(1), no allocation.
  [[nodiscard]] std::optional<index> find(std::string_view id) const noexcept {
    if (!slots_.empty()) {
      const index found = slots_[slot_of(slots_, id)];
      if (found != unknown_index) return found;
    }
    if (later_ == nullptr) return std::nullopt;
    const auto found = later_->find(id);
    return found ? std::optional<index>(own_size() + *found) : std::nullopt;
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

  /// These ids, and behind them others. O(new ids) on average over many calls, whatever the size.
  /// Throws data_error if one of them is known or occurs twice, or for more than 2^31 - 1 ids.
  [[nodiscard]] id_map extended(std::span<const std::string> more) const;

  /// The same ids in one part. O(ids) if there are several.
  [[nodiscard]] id_map flat() const { return later_ == nullptr ? *this : joined({}, *this); }

  /// The storage, for writing to a file; of a flat map only.
  [[nodiscard]] const shared_array<std::uint64_t>& offsets() const noexcept { return offsets_; }
  [[nodiscard]] const shared_array<char>& text() const noexcept { return text_; }

 private:
  [[nodiscard]] index own_size() const noexcept {
    return offsets_.empty() ? 0 : static_cast<index>(offsets_.size() - 1);
  }
  /// Without the later ones.
  [[nodiscard]] id_map alone() const {
    id_map own = *this;
    own.later_ = nullptr;
    return own;
  }
  static void append(std::string_view id, aligned_vector<std::uint64_t>& offsets,
                     aligned_vector<char>& text) {
    text.insert(text.end(), id.begin(), id.end());
    offsets.push_back(text.size());
  }
  /// All ids of one map and then all of another, as one part.
  [[nodiscard]] static id_map joined(const id_map& first, const id_map& second);

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
    if (own_size() == 0) return;
    // At most half full, so that a look-up probes about 1.5 slots.
    aligned_vector<index> slots(std::bit_ceil(2 * offsets_.size()), unknown_index);
    for (index i = 0; i < own_size(); ++i) {
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
  std::shared_ptr<const id_map> later_;  ///< ids behind these, or null
};

inline id_map id_map::joined(const id_map& first, const id_map& second) {
  aligned_vector<std::uint64_t> offsets(1, 0);
  aligned_vector<char> text;
  for (const id_map* ids : {&first, &second})
    for (index i = 0; i < ids->size(); ++i) append(ids->id(i), offsets, text);
  return {std::move(offsets), std::move(text)};
}

inline id_map id_map::extended(std::span<const std::string> more) const {
  if (more.empty()) return *this;
  if (more.size() > static_cast<std::size_t>(std::numeric_limits<index>::max() - size()))
    throw data_error("id map: more than 2147483647 ids");
  aligned_vector<std::uint64_t> offsets(1, 0);
  aligned_vector<char> text;
  for (const std::string& id : more) {
    if (find(id)) throw data_error("id map: id " + detail::quoted(id) + " occurs twice");
    append(id, offsets, text);
  }
  std::vector<const id_map*> parts;
  for (const id_map* part = this; part != nullptr; part = part->later_.get()) parts.push_back(part);
  auto last = std::make_shared<id_map>(std::move(offsets), std::move(text));
  for (; parts.size() > 1 && parts.back()->own_size() <= 2 * last->size(); parts.pop_back())
    last = std::make_shared<id_map>(joined(parts.back()->alone(), *last));
  for (; parts.size() > 1; parts.pop_back()) {
    auto before = std::make_shared<id_map>(*parts.back());
    before->later_ = std::move(last);
    last = std::move(before);
  }
  id_map result = *this;
  result.later_ = std::move(last);
  return result;
}

}  // namespace kindred
