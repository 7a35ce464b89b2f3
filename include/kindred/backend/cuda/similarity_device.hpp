#pragma once

#include <kindred/backend/cuda/policy.hpp>
#include <kindred/backend/knn_kernels.hpp>
#include <kindred/kernel/neighbor_key.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace kindred::gpu {

/// Rows to be compared, in the memory of a device; see trainable_knn. Compiled by nvcc, in
/// component kindred::cuda. Every member throws cuda_error.
class similarity_device {
 public:
  similarity_device(const backend::cuda& where, const similarity_problem& problem);
  ~similarity_device();
  similarity_device(const similarity_device&) = delete;
  similarity_device& operator=(const similarity_device&) = delete;

  [[nodiscard]] std::size_t keys_per_row() const noexcept;
  void find(std::size_t first, std::span<kernel::neighbor_key> keys) const;

 private:
  struct body;

  int device_;
  std::unique_ptr<body> body_;
};

}  // namespace kindred::gpu
