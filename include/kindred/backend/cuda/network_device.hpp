#pragma once

#include <kindred/backend/cuda/policy.hpp>
#include <kindred/backend/network_kernels.hpp>

#include <memory>

namespace kindred::gpu {

/// A network in the memory of a device; see trainable_network. Compiled by nvcc, in component
/// kindred::cuda. Every member throws cuda_error.
class network_device {
 public:
  /// Throws option_error if where.memory is too little, or for storage in halves.
  network_device(const backend::cuda& where, const network_problem& problem);
  ~network_device();
  network_device(const network_device&) = delete;
  network_device& operator=(const network_device&) = delete;

  void write(const network_numbers<const float>& from);
  void read(const network_numbers<float>& to) const;
  void step(const network_batch& batch, const network_step& step);
  [[nodiscard]] network_sums finish();

 private:
  class body;

  int device_;
  std::unique_ptr<body> body_;
};

}  // namespace kindred::gpu
