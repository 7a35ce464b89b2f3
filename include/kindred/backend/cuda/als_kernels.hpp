#pragma once

#include <kindred/backend/als_kernels.hpp>
#include <kindred/backend/cuda/als_device.hpp>
#include <kindred/backend/cuda/policy.hpp>

namespace kindred {

/// Half steps of alternating least squares on a GPU: a thread block a row. The same bits from the
/// same kind of device; entries that do not fit its memory are streamed, with the same result.
template <>
class als_kernels<backend::cuda> : public gpu::als_device {
 public:
  using als_device::als_device;
};

}  // namespace kindred
