#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/labelled_value.hpp>
#include <kindred/kernel/neighbor_key.hpp>
#include <kindred/kernel/similarity_measures.hpp>

#include <concepts>
#include <cstddef>
#include <span>

namespace kindred {

/// Rows to be compared with each other. Their labels are in the order of falling numbers of
/// ratings.
struct similarity_problem {
  std::span<const index> rows;     ///< of each label
  std::span<const index> offsets;  ///< of each row: where its ratings begin
  std::span<const index> columns;  ///< of the ratings; they ascend in a row
  std::span<const float> values;
  /// Column c has column_offsets[c + 1] - column_offsets[c] ratings; they are the entries from
  /// column_offsets[c] + c on, by ascending label.
  std::span<const index> column_offsets;
  std::span<const kernel::labelled_value> entries;
  std::span<const float> left;  ///< kernel::row_facts; may be empty, or the same
  std::span<const float> right;
  kernel::similarity_measure measure{};
  kernel::pair_confidence confidence{};
  std::size_t most = 1;   ///< neighbours of a row
  float least = 0;        ///< how near they are at least
  bool negative = false;  ///< whether near is what the absolute value says
};

/// The search for neighbours on a backend with memory of its own; specialised for each, and then
/// what `trainable_knn` says.
template <class Backend>
class knn_kernels;

/// A backend that neighbours are found on.
template <class Backend>
concept trainable_knn = host_backend<Backend> ||
    (execution_backend<Backend>&& requires(const knn_kernels<Backend>& kernels,
                                           const Backend& backend,
                                           const similarity_problem& problem, std::size_t first,
                                           std::span<kernel::neighbor_key> keys) {
      knn_kernels<Backend>(backend, problem);
      /// How many keys `find` has for a row: no less than `most`.
      { kernels.keys_per_row() } -> std::same_as<std::size_t>;
      /// Fills in keys for rows of labels from `first` on, in any order: the nearest are among
      /// them.
      kernels.find(first, keys);
    });

}  // namespace kindred
