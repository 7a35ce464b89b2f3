#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// Entries of a sparse row: `values[e]` at `slots[e]`.
struct encoded_entries {
  std::span<const index> slots;
  std::span<const float> values;

  [[nodiscard]] std::size_t size() const noexcept { return slots.size(); }
  [[nodiscard]] bool empty() const noexcept { return slots.empty(); }
};

/// What a model sees of one user or item: a few entries for each field, in ascending order of
/// slots.
class encoded_row {
 public:
  encoded_row(std::span<const std::uint64_t> offsets, const index* slots,
              const float* values) noexcept
      : offsets_(offsets), slots_(slots), values_(values) {}

  [[nodiscard]] std::size_t fields() const noexcept { return offsets_.size() - 1; }
  /// Precondition: field < fields().
  [[nodiscard]] encoded_entries operator[](std::size_t field) const noexcept {
    return between(offsets_[field], offsets_[field + 1]);
  }
  /// The entries of all fields, one field behind the other.
  [[nodiscard]] encoded_entries all() const noexcept {
    return between(offsets_.front(), offsets_.back());
  }

 private:
  [[nodiscard]] encoded_entries between(std::uint64_t begin, std::uint64_t end) const noexcept {
    const auto first = static_cast<std::size_t>(begin);
    const auto count = static_cast<std::size_t>(end) - first;
    return {{slots_ + first, count}, {values_ + first, count}};
  }

  std::span<const std::uint64_t> offsets_;
  const index* slots_;
  const float* values_;
};

/// The sparse rows of all users, or of all items, and one that stands for any other. Immutable,
/// shared by copies, safe to read from any thread; 8 bytes an entry and 8 for each field of a row.
class encoded_rows {
 public:
  static constexpr std::string_view kind = "encoded_rows";

  /// No rows, and no fields for any other.
  encoded_rows() = default;

  /// Field f of row r is the entries offsets[k] .. offsets[k + 1] - 1, where k = r * fields + f;
  /// row `rows` stands for any other. Throws data_error unless the arrays fit one another.
  encoded_rows(index rows, std::size_t fields, shared_array<std::uint64_t> offsets,
               shared_array<index> slots, shared_array<float> values)
      : rows_(rows),
        fields_(fields),
        offsets_(std::move(offsets)),
        slots_(std::move(slots)),
        values_(std::move(values)) {
    check();
  }

  [[nodiscard]] index size() const noexcept { return rows_; }
  [[nodiscard]] std::size_t fields() const noexcept { return fields_; }

  /// A row, or that of the unknown for an index which is negative or beyond all.
  [[nodiscard]] encoded_row operator[](index row) const noexcept {
    const bool known = row >= 0 && row < rows_;
    const auto first = static_cast<std::size_t>(known ? row : rows_) * fields_;
    return {offsets_.span().subspan(first, fields_ + 1), slots_.data(), values_.data()};
  }

  /// All of it, in place.
  [[nodiscard]] std::span<const std::uint64_t> offsets() const noexcept { return offsets_.span(); }
  [[nodiscard]] std::span<const index> slots() const noexcept { return slots_.span(); }
  [[nodiscard]] std::span<const float> values() const noexcept { return values_.span(); }

  template <class Writer>
  void write(Writer& out) const {
    out.set("rows", rows_);
    out.set("fields", fields_);
    out.add("offsets", offsets_, {offsets_.size()});
    out.add("slots", slots_, {slots_.size()});
    out.add("values", values_, {values_.size()});
  }
  /// Throws data_error unless the arrays fit one another. The slots may be any.
  template <class Reader>
  [[nodiscard]] static encoded_rows read(const Reader& in) {
    return {in.template get<index>("rows"), in.template get<std::size_t>("fields"),
            in.template array<std::uint64_t>("offsets"), in.template array<index>("slots"),
            in.template array<float>("values")};
  }

 private:
  void check() const {
    const std::size_t lists = offsets_.empty() ? 0 : offsets_.size() - 1;
    const auto all = static_cast<std::size_t>(rows_) + 1;
    const bool whole = fields_ == 0 ? lists == 0 : lists % fields_ == 0 && lists / fields_ == all;
    const bool sound = rows_ >= 0 && !offsets_.empty() && whole && offsets_[0] == 0 &&
                       std::is_sorted(offsets_.begin(), offsets_.end()) &&
                       offsets_[lists] == slots_.size() && slots_.size() == values_.size();
    if (!sound) throw data_error("the arrays of encoded rows contradict each other");
  }

  index rows_ = 0;
  std::size_t fields_ = 0;
  shared_array<std::uint64_t> offsets_ = aligned_vector<std::uint64_t>(1, 0);
  shared_array<index> slots_;
  shared_array<float> values_;
};

}  // namespace kindred
