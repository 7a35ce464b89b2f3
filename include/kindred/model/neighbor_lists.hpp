#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/checked_lists.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace kindred {

/// A row, an item or a user, that is like another.
struct neighbor {
  index row;
  float similarity;

  friend bool operator==(const neighbor&, const neighbor&) = default;
};

/// The order of neighbours, which has no ties: the nearer first, then the lower index. A negative
/// similarity is as near as its absolute value.
inline constexpr auto nearer = [](const neighbor& a, const neighbor& b) noexcept {
  const float of_a = std::abs(a.similarity);
  const float of_b = std::abs(b.similarity);
  return of_a > of_b || (of_a == of_b && a.row < b.row);
};

/// The neighbours of one row, by ascending index.
struct neighbor_list {
  std::span<const index> rows;
  std::span<const float> similarities;

  [[nodiscard]] std::size_t size() const noexcept { return rows.size(); }
  [[nodiscard]] bool empty() const noexcept { return rows.empty(); }
  [[nodiscard]] neighbor operator[](std::size_t n) const noexcept {
    return {rows[n], similarities[n]};
  }
};

/// Which rows are like which: a list for each row. Immutable, shared by copies, safe to read from
/// any thread; 8 bytes a neighbour and 8 a row.
class neighbor_lists {
 public:
  neighbor_lists() = default;
  /// List r is rows[offsets[r]] .. rows[offsets[r + 1] - 1], ascending.
  neighbor_lists(shared_array<std::uint64_t> offsets, shared_array<index> rows,
                 shared_array<float> similarities)
      : offsets_(std::move(offsets)),
        rows_(std::move(rows)),
        similarities_(std::move(similarities)) {}

  [[nodiscard]] std::size_t size() const noexcept { return offsets_.size() - 1; }
  /// Precondition: row < size().
  [[nodiscard]] neighbor_list operator[](std::size_t row) const noexcept {
    const auto begin = static_cast<std::size_t>(offsets_[row]);
    const auto count = static_cast<std::size_t>(offsets_[row + 1]) - begin;
    return {rows_.span().subspan(begin, count), similarities_.span().subspan(begin, count)};
  }

  /// All lists, one behind the other.
  [[nodiscard]] std::span<const std::uint64_t> offsets() const noexcept { return offsets_.span(); }
  [[nodiscard]] std::span<const index> rows() const noexcept { return rows_.span(); }
  [[nodiscard]] std::span<const float> similarities() const noexcept {
    return similarities_.span();
  }

  template <class Writer>
  void write(Writer& out) const {
    out.add("neighbor_offsets", offsets_, {offsets_.size()});
    out.add("neighbor_rows", rows_, {rows_.size()});
    out.add("similarities", similarities_, {similarities_.size()});
  }
  /// Throws data_error unless the lists are sound.
  template <class Reader>
  [[nodiscard]] static neighbor_lists read(const Reader& in) {
    neighbor_lists read;
    read.offsets_ = in.template array<std::uint64_t>("neighbor_offsets");
    read.rows_ = in.template array<index>("neighbor_rows");
    read.similarities_ = in.template array<float>("similarities", {read.rows_.size()});
    detail::check_lists(read.offsets_, read.rows_, read.size(), "the lists of neighbours");
    return read;
  }

 private:
  shared_array<std::uint64_t> offsets_ = aligned_vector<std::uint64_t>(1, 0);
  shared_array<index> rows_;
  shared_array<float> similarities_;
};

}  // namespace kindred
