#pragma once

#include <kindred/backend/cuda/policy.hpp>
#include <kindred/backend/cuda/ranked_key.hpp>
#include <kindred/core/types.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace kindred::gpu {

/// Items that a query must not find: query r not items[offsets[r]] .. items[offsets[r + 1] - 1],
/// which ascend. Without offsets nothing is excluded.
struct excluded_view {
  std::span<const index> offsets;
  std::span<const index> items;
};

/// Items in the memory of a device, for searches. Compiled by nvcc, in component kindred::cuda.
/// Every member throws cuda_error.
class top_k_device {
 public:
  /// Row i of `rows`, row-major, is item i; `biases` has one element an item, or none.
  top_k_device(const backend::cuda& where, std::span<const float> rows, std::size_t factors,
               std::span<const float> biases);
  ~top_k_device();
  top_k_device(top_k_device&&) noexcept;
  top_k_device& operator=(top_k_device&&) noexcept;

  /// The best k items of each row of `queries`, best first, k keys a row, 0 where there is no item.
  void search(std::span<const float> queries, const excluded_view& excluded, std::size_t k,
              std::span<ranked_key> best) const;

 private:
  struct body;

  std::unique_ptr<body> body_;
};

}  // namespace kindred::gpu
