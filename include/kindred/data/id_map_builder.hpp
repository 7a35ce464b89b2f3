#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace kindred {

namespace detail {

/// Finds indices by a 64-bit key, by open addressing. Keys need not be unique: what has the same
/// key is told apart by a predicate on the index.
class key_table {
 public:
  /// Room for one more; call it before `find`, whose answer it would move.
  void reserve_one() {
    if (2 * (count_ + 1) <= slots_.size()) return;
    aligned_vector<slot> old(std::max<std::size_t>(64, 2 * slots_.size()));
    old.swap(slots_);
    for (const slot& s : old)
      if (s.at != unknown_index) find(s.key, [](index) { return false; }) = s.at;
  }

  /// The index under `key` that `matches`, or `unknown_index`, to be set and then `added()`.
  template <class Matches>
  [[nodiscard]] index& find(std::uint64_t key, const Matches& matches) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t k = static_cast<std::size_t>(mix(key)) & mask;
    while (slots_[k].at != unknown_index && (slots_[k].key != key || !matches(slots_[k].at)))
      k = (k + 1) & mask;
    slots_[k].key = key;
    return slots_[k].at;
  }

  void added() noexcept { ++count_; }

 private:
  struct slot {
    std::uint64_t key = 0;
    index at = unknown_index;
  };

  aligned_vector<slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace detail

/// Gives dense indices to external ids, in the order in which they are first seen. An integer and
/// the text that spells it are one id.
///
/// Small non-negative integers are looked up in a table, which grows only in proportion to the ids
/// seen so far; everything else by hash. A repeated id costs O(1) and no allocation. Not for
/// several threads at once.
class id_map_builder {
 public:
  id_map_builder() = default;

  /// Starts with the ids of `known` at their indices; new ones come after. O(ids).
  explicit id_map_builder(const id_map& known) {
    for (index i = 0; i < known.size(); ++i) intern(known.id(i));
  }

  /// The index of an id, which is new if need be.
  /// Throws data_error for more than 2^31 - 1 ids.
  index intern(std::int64_t id) {
    // Negative numbers become huge ones, which are never in the table.
    const auto key = static_cast<std::uint64_t>(id);
    if (key < table_.size()) {
      index& at = table_[static_cast<std::size_t>(key)];
      if (at == unknown_index) at = append(id);
      return at;
    }
    return intern_large(id);
  }

  index intern(std::string_view id) {
    if (const auto integer = detail::canonical_integer(id)) return intern(*integer);
    texts_.reserve_one();
    index& at = texts_.find(detail::hash_text(id), [&](index i) { return text_of(i) == id; });
    if (at == unknown_index) {
      at = append(id);
      texts_.added();
    }
    return at;
  }

  /// Number of ids so far.
  [[nodiscard]] index size() const noexcept { return static_cast<index>(offsets_.size() - 1); }

  /// The ids so far; the builder is empty again. O(ids).
  [[nodiscard]] id_map finish() {
    id_map_builder finished = std::exchange(*this, {});
    return {std::move(finished.offsets_), std::move(finished.text_)};
  }

 private:
  /// Ids below this belong in the table: its memory stays within 64 bytes an id.
  [[nodiscard]] std::uint64_t table_limit() const noexcept {
    return std::max<std::uint64_t>(4096, 8 * offsets_.size());
  }

  index intern_large(std::int64_t id) {
    const auto key = static_cast<std::uint64_t>(id);
    if (key < table_limit()) {
      grow_table(key);
      return intern(id);
    }
    integers_.reserve_one();
    index& at = integers_.find(key, [](index) { return true; });
    if (at == unknown_index) {
      at = append(id);
      integers_.added();
    }
    return at;
  }

  /// Makes the table hold `key`, and brings what it now covers over from the hash.
  void grow_table(std::uint64_t key) {
    const auto old_size = table_.size();
    table_.resize(std::bit_ceil(static_cast<std::size_t>(key) + 1), unknown_index);
    for (index i = 0; i < size(); ++i) {
      const auto id = detail::canonical_integer(text_of(i));
      if (!id) continue;
      const auto k = static_cast<std::uint64_t>(*id);
      if (k >= old_size && k < table_.size()) table_[static_cast<std::size_t>(k)] = i;
    }
  }

  [[nodiscard]] std::string_view text_of(index i) const noexcept {
    const auto k = static_cast<std::size_t>(i);
    return {text_.data() + offsets_[k], static_cast<std::size_t>(offsets_[k + 1] - offsets_[k])};
  }

  index append(std::int64_t id) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, id).ptr;
    return append(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }

  index append(std::string_view id) {
    if (size() == std::numeric_limits<index>::max())
      throw data_error("more than 2147483647 different ids");
    text_.insert(text_.end(), id.begin(), id.end());
    offsets_.push_back(text_.size());
    return size() - 1;
  }

  aligned_vector<std::uint64_t> offsets_ = aligned_vector<std::uint64_t>(1, 0);
  aligned_vector<char> text_;
  aligned_vector<index> table_;  ///< indices of the integers below its size
  detail::key_table integers_;
  detail::key_table texts_;
};

}  // namespace kindred
