#pragma once

#include <kindred/backend/cuda/network_device.hpp>
#include <kindred/backend/cuda/policy.hpp>
#include <kindred/backend/network_kernels.hpp>

namespace kindred {

/// Steps of a network on a GPU. The same bits from the same kind of device; batches are streamed
/// to it, while it works on the one before.
template <>
class network_kernels<backend::cuda> : public gpu::network_device {
 public:
  using network_device::network_device;
};

}  // namespace kindred
