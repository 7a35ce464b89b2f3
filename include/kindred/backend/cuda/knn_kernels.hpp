#pragma once

#include <kindred/backend/cuda/policy.hpp>
#include <kindred/backend/cuda/similarity_device.hpp>
#include <kindred/backend/knn_kernels.hpp>

namespace kindred {

/// The search for neighbours on a GPU, which holds all ratings twice.
template <>
class knn_kernels<backend::cuda> : public gpu::similarity_device {
 public:
  using similarity_device::similarity_device;
};

}  // namespace kindred
