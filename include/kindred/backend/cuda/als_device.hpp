#pragma once

#include <kindred/backend/als_kernels.hpp>
#include <kindred/backend/cuda/policy.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace kindred::gpu {

/// Alternating least squares in the memory of a device; see trainable_als. Compiled by nvcc, in
/// component kindred::cuda. Every member throws cuda_error.
class als_device {
 public:
  /// Throws option_error if where.memory is too little.
  als_device(const backend::cuda& where, const als_problem& problem);
  ~als_device();
  als_device(const als_device&) = delete;
  als_device& operator=(const als_device&) = delete;

  void solve(als_axis axis);
  [[nodiscard]] double error();
  void write(als_axis axis, std::span<const float> rows, std::size_t stride);
  void read(als_axis axis, std::span<float> rows, std::size_t stride) const;
  void read_gramian(als_axis axis, std::span<float> rows, std::size_t stride) const;

 private:
  class body;

  int device_;
  std::unique_ptr<body> body_;
};

}  // namespace kindred::gpu
