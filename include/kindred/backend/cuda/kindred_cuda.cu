// All the device code of component kindred::cuda. It is compiled in the build of whoever links it.
#include <kindred/backend/cuda/check.cuh>
#include <kindred/backend/cuda/mf_device.cuh>
#include <kindred/backend/cuda/policy.hpp>
#include <kindred/core/error.hpp>

namespace kindred::backend {

bool cuda::available() noexcept {
  int devices = 0;
  const bool found = cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
  static_cast<void>(cudaGetLastError());
  return found;
}

void cuda::require_device() const {
  int devices = 0;
  gpu::check(cudaGetDeviceCount(&devices), "cudaGetDeviceCount");
  require_option(device >= 0 && device < devices, "device", device,
                 "[0, " + detail::to_text(devices - 1) + "]");
}

}  // namespace kindred::backend

template class kindred::gpu::mf_device<float>;
template class kindred::gpu::mf_device<double>;
