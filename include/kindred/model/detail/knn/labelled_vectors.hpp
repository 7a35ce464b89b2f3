#pragma once

#include <kindred/backend/knn_kernels.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/detail/assemble.hpp>
#include <kindred/data/detail/counting_sort.hpp>
#include <kindred/kernel/labelled_value.hpp>
#include <kindred/kernel/similarity_measures.hpp>
#include <kindred/model/detail/knn/entity_vectors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

namespace kindred::detail {

/// Vectors laid out to add up a row's products with others, column by column. Rows are labelled by
/// falling number of ratings, and the entries of a column lie by ascending label: to compare a row
/// with the rows of lower label, it suffices to walk the head of each of its columns. Each pair is
/// met once that way, a popular row has short heads to walk, and no row takes long.
class labelled_vectors {
 public:
  /// What is looked through by label may be read up to a multiple of this.
  static constexpr std::size_t block = 16;

  /// `vectors` must outlive this. O(ratings), in parallel; holds 8 bytes a rating and, while it is
  /// made, 12 more.
  explicit labelled_vectors(const entity_vectors& vectors)
      : vectors_(vectors), order_(by_size(vectors)), labels_(order_.size()) {
    for (std::size_t label = 0; label < order_.size(); ++label)
      labels_[static_cast<std::size_t>(order_[label])] = static_cast<index>(label);
    left_ = relabelled(vectors.left.span());
    right_ = vectors.left.data() == vectors.right.data() ? left_ : relabelled(vectors.right.span());
    fill_columns();
  }

  [[nodiscard]] std::size_t rows() const noexcept { return order_.size(); }
  [[nodiscard]] index row_of(std::size_t label) const noexcept { return order_[label]; }
  [[nodiscard]] std::size_t label_of(std::size_t row) const noexcept {
    return static_cast<std::size_t>(labels_[row]);
  }
  [[nodiscard]] static constexpr std::size_t padded(std::size_t count) noexcept {
    return (count + block - 1) / block * block;
  }
  /// How many pairs of ratings share a column.
  [[nodiscard]] std::size_t terms() const noexcept {
    std::size_t sum = 0;
    for (std::size_t c = 0; c < vectors_.columns(); ++c) {
      const auto size =
          static_cast<std::size_t>(vectors_.column_offsets[c + 1] - vectors_.column_offsets[c]);
      sum += size * (size - 1) / 2;
    }
    return sum;
  }
  [[nodiscard]] kernel::row_facts facts() const noexcept {
    return {left_.data(), right_.data(), static_cast<double>(vectors_.columns())};
  }

  /// As a backend with memory of its own takes them, but for what it is to find.
  [[nodiscard]] similarity_problem problem() const noexcept {
    return {.rows = order_,
            .offsets = vectors_.offsets.span(),
            .columns = vectors_.indices.span(),
            .values = vectors_.values.span(),
            .column_offsets = vectors_.column_offsets.span(),
            .entries = entries_,
            .left = left_.span(),
            .right = right_.span()};
  }

  /// Adds up, into sums[other], what row `label` has in common with each row of a label below
  /// `limit`; returns how many terms there were. Columns come in ascending order, so that a sum has
  /// the same bits whatever the labels and the limit.
  template <class Sums>
  std::size_t add_up(std::size_t label, std::size_t limit, Sums* sums) const noexcept {
    std::size_t terms = 0;
    for_each_head(label, limit, [&](float value, const entry* first, std::uint32_t bound) {
      const entry* e = first;
      for (; e->label < bound; ++e) sums[e->label].add(value, e->value);
      terms += static_cast<std::size_t>(e - first);
    });
    return terms;
  }

  /// Calls `f(other)` for the same rows, as often as they share a column with `label`.
  template <class Function>
  void for_each_partner(std::size_t label, std::size_t limit, const Function& f) const {
    for_each_head(label, limit, [&](float, const entry* e, std::uint32_t bound) {
      for (; e->label < bound; ++e) f(std::size_t{e->label});
    });
  }

 private:
  using entry = kernel::labelled_value;

  static aligned_vector<index> by_size(const entity_vectors& vectors) {
    aligned_vector<index> order(vectors.rows());
    std::iota(order.begin(), order.end(), 0);
    const auto size = [&](index row) { return vectors.size(static_cast<std::size_t>(row)); };
    std::sort(order.begin(), order.end(),
              [&](index a, index b) { return size(a) != size(b) ? size(a) > size(b) : a < b; });
    return order;
  }

  [[nodiscard]] shared_array<float> relabelled(std::span<const float> by_row) const {
    aligned_vector<float> by_label(padded(by_row.size()), 0.0F);
    for (std::size_t row = 0; row < by_row.size(); ++row) by_label[label_of(row)] = by_row[row];
    return by_label;
  }

  /// Transposes the rows, taken in the order of the labels. A last entry ends each column.
  void fill_columns() {
    struct record {
      index column;
      index label;
      float value;
    };
    aligned_vector<index> places(order_.size() + 1, 0);
    for (std::size_t label = 0; label < order_.size(); ++label)
      places[label + 1] =
          places[label] +
          static_cast<index>(vectors_.size(static_cast<std::size_t>(order_[label])));
    const auto visit = [&](std::size_t begin, std::size_t end, const auto& f) {
      for_each_row(places, begin, end, [&](index label, std::size_t place) {
        const auto l = static_cast<std::size_t>(label);
        const std::size_t k = vectors_.begin(static_cast<std::size_t>(order_[l])) + place -
                              static_cast<std::size_t>(places[l]);
        f(record{vectors_.indices[k], label, vectors_.values[k]});
      });
    };
    const auto column_of = [](const record& r) { return r.column; };
    const std::size_t ratings = vectors_.values.size();
    const std::span<const index> offsets = vectors_.column_offsets.span();
    const auto partitioned = partition<record>(ratings, offsets, visit, column_of);
    entries_ = aligned_vector<entry>(ratings + vectors_.columns());
    place_records(partitioned, offsets, column_of, [&](std::size_t place, const record& r) {
      entries_[place + static_cast<std::size_t>(r.column)] = {static_cast<std::uint32_t>(r.label),
                                                              r.value};
    });
    for (std::size_t c = 0; c < vectors_.columns(); ++c)
      entries_[static_cast<std::size_t>(offsets[c + 1]) + c] = {
          std::numeric_limits<std::uint32_t>::max(), 0};
  }

  [[nodiscard]] const entry* column(std::size_t k) const noexcept {
    const auto c = static_cast<std::size_t>(vectors_.indices[k]);
    return entries_.data() + static_cast<std::size_t>(vectors_.column_offsets[c]) + c;
  }

  /// Calls `f(value, entries, limit)` for each column of a row: the row's value there, and the
  /// entries of the column, of which those below the limit count.
  template <class Function>
  void for_each_head(std::size_t label, std::size_t limit, const Function& f) const {
    constexpr std::size_t ahead = 4;  // columns lie too far apart for the processor to guess them
    const auto row = static_cast<std::size_t>(order_[label]);
    const std::size_t end = vectors_.begin(row + 1);
    for (std::size_t k = vectors_.begin(row); k < end; ++k) {
      if (k + ahead < end) prefetch(column(k + ahead));
      f(vectors_.values[k], column(k), static_cast<std::uint32_t>(limit));
    }
  }

  static void prefetch([[maybe_unused]] const entry* at) noexcept {
#if defined(__GNUC__)
    constexpr std::size_t line = 64 / sizeof(entry);
    for (std::size_t n = 0; n < 8; ++n) __builtin_prefetch(at + n * line);
#endif
  }

  const entity_vectors& vectors_;
  aligned_vector<index> order_;   ///< row of each label
  aligned_vector<index> labels_;  ///< label of each row
  shared_array<float> left_;
  shared_array<float> right_;
  aligned_vector<entry> entries_;  ///< column c begins at its offset plus c
};

}  // namespace kindred::detail
