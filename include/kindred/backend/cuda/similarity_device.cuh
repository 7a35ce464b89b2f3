#pragma once

#include <kindred/backend/cuda/check.cuh>
#include <kindred/backend/cuda/memory.cuh>
#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/similarity.cuh>
#include <kindred/backend/cuda/similarity_device.hpp>
#include <kindred/backend/knn_kernels.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/labelled_value.hpp>
#include <kindred/kernel/neighbor_key.hpp>
#include <kindred/kernel/similarity_measures.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <variant>

namespace kindred::gpu {

struct similarity_device::body {
  similarity_problem problem;
  std::size_t runs;  ///< of windows; each has a list
  device_array<index> rows;
  device_array<index> offsets;
  device_array<index> columns;
  device_array<float> values;
  device_array<index> column_offsets;
  device_array<kernel::labelled_value> entries;
  device_array<float> left;
  device_array<float> right;

  explicit body(const similarity_problem& of)
      : problem(of),
        runs(runs_of_windows(of)),
        rows(of.rows.size(), "rows to compare"),
        offsets(of.offsets.size(), "the offsets of rows"),
        columns(of.columns.size(), "the columns of ratings"),
        values(of.values.size(), "ratings by row"),
        column_offsets(of.column_offsets.size(), "the offsets of columns"),
        entries(of.entries.size(), "ratings by column"),
        left(of.left.size(), "what is known of rows"),
        right(one_sided() ? 0 : of.right.size(), "what is known of rows") {
    rows.write(of.rows);
    offsets.write(of.offsets);
    columns.write(of.columns);
    values.write(of.values);
    column_offsets.write(of.column_offsets);
    entries.write(of.entries);
    left.write(of.left);
    if (!one_sided()) right.write(of.right);
  }

  void find(std::size_t first, std::span<kernel::neighbor_key> keys) const {
    if (keys.empty()) return;
    device_array<kernel::neighbor_key> lists(keys.size(), "lists of neighbours");
    lists.zero();
    const dim3 grid(static_cast<unsigned>(keys.size() / (runs * problem.most)),
                    static_cast<unsigned>(runs));
    std::visit(
        [&]<class Measure>(Measure measure) {
          if constexpr (requires { measure.rows; }) measure.rows = facts();
          compare_rows<Measure><<<grid, warp_size>>>(view(), measure, first, lists.data());
        },
        problem.measure);
    check_launch("a launch of compare_rows");
    lists.read(keys);
  }

 private:
  /// Some for each row, since a long row must not keep a single warp busy for long.
  static std::size_t runs_of_windows(const similarity_problem& of) {
    constexpr std::size_t most = 4;
    return std::visit(
        [&]<class Measure>(const Measure&) {
          constexpr std::size_t size = row_window<Measure>::size;
          return std::clamp<std::size_t>((of.rows.size() + size - 1) / size, 1, most);
        },
        of.measure);
  }

  [[nodiscard]] bool one_sided() const noexcept {
    return problem.left.data() == problem.right.data();
  }
  [[nodiscard]] kernel::row_facts facts() const noexcept {
    return {left.data(), one_sided() ? left.data() : right.data(),
            static_cast<double>(problem.column_offsets.size() - 1)};
  }
  [[nodiscard]] similarity_view view() const noexcept {
    return {.rows = rows.data(),
            .num_rows = rows.size(),
            .offsets = offsets.data(),
            .columns = columns.data(),
            .values = values.data(),
            .column_offsets = column_offsets.data(),
            .entries = entries.data(),
            .confidence = problem.confidence,
            .most = problem.most,
            .least = problem.least,
            .negative = problem.negative};
  }
};

}  // namespace kindred::gpu
