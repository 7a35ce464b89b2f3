#pragma once

#include <kindred/core/error.hpp>

#include <cuda_runtime.h>

#include <source_location>
#include <string>

namespace kindred::gpu {

[[noreturn]] inline void fail(cudaError_t code, std::string call, const std::source_location& at) {
  static_cast<void>(cudaGetLastError());  // else the next check would find it again
  throw cuda_error(std::move(call), code, cudaGetErrorString(code),
                   std::string(at.file_name()) + ":" + detail::to_text(at.line()));
}

/// Throws cuda_error unless `code` is success.
inline void check(cudaError_t code, const char* call,
                  const std::source_location& at = std::source_location::current()) {
  if (code != cudaSuccess) fail(code, call, at);
}

/// Whether the kernel just asked for could start; what it then does wrong is found when it is
/// waited for.
inline void check_launch(const char* kernel,
                         const std::source_location& at = std::source_location::current()) {
  check(cudaGetLastError(), kernel, at);
}

/// Selects a device for this thread, and the one before it again at the end.
class device_scope {
 public:
  explicit device_scope(int device) {
    check(cudaGetDevice(&before_), "cudaGetDevice");
    check(cudaSetDevice(device), ("cudaSetDevice of device " + detail::to_text(device)).c_str());
  }
  device_scope(const device_scope&) = delete;
  device_scope& operator=(const device_scope&) = delete;
  ~device_scope() { static_cast<void>(cudaSetDevice(before_)); }

 private:
  int before_ = 0;
};

/// What a device has free, less what others may want meanwhile; or `wanted`, if it is not 0.
[[nodiscard]] inline std::size_t memory_budget(std::size_t wanted) {
  std::size_t free = 0;
  std::size_t total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return wanted > 0 ? wanted : free / 10 * 9;
}

/// Multiprocessors of a device.
[[nodiscard]] inline std::size_t count_processors(int device) {
  int count = 0;
  check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device),
        "cudaDeviceGetAttribute");
  return static_cast<std::size_t>(count);
}

}  // namespace kindred::gpu
