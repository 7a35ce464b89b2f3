#pragma once

#include <kindred/backend/cuda/check.cuh>

#include <cuda_runtime.h>

#include <cstddef>
#include <memory>
#include <source_location>
#include <span>
#include <string>

namespace kindred::gpu {

/// An array in the memory of the device that is selected when it is made; not initialised.
template <class T>
class device_array {
 public:
  device_array() = default;
  /// `what` it holds, for the message when there is no room for it.
  device_array(std::size_t size, const char* what,
               const std::source_location& at = std::source_location::current())
      : size_(size) {
    if (size == 0) return;
    void* memory = nullptr;
    const cudaError_t code = cudaMalloc(&memory, size * sizeof(T));
    if (code != cudaSuccess)
      fail(code,
           "cudaMalloc of " + detail::to_text(size * sizeof(T)) + " bytes for " + std::string(what),
           at);
    data_.reset(static_cast<T*>(memory));
  }

  [[nodiscard]] T* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// These are done when they return. Precondition: size() elements at most.
  void zero() {
    if (size_ == 0) return;
    check(cudaMemset(data(), 0, size_ * sizeof(T)), "cudaMemset");
    check(cudaStreamSynchronize(nullptr), "cudaStreamSynchronize");
  }
  void write(std::span<const T> from) {
    if (from.empty()) return;
    check(cudaMemcpy(data(), from.data(), from.size_bytes(), cudaMemcpyHostToDevice),
          "cudaMemcpy to the device");
    // From pageable memory it may return earlier, and other streams would not wait for it.
    check(cudaStreamSynchronize(nullptr), "cudaStreamSynchronize");
  }
  void read(std::span<T> to) const {
    if (to.empty()) return;
    check(cudaMemcpy(to.data(), data(), to.size_bytes(), cudaMemcpyDeviceToHost),
          "cudaMemcpy from the device");
  }

 private:
  struct release {
    void operator()(T* memory) const noexcept { static_cast<void>(cudaFree(memory)); }
  };

  std::unique_ptr<T[], release> data_;
  std::size_t size_ = 0;
};

/// Rows of `width` numbers that lie `to_stride` apart in one memory and `from_stride` in the other;
/// done when it returns.
inline void copy_rows(float* to, std::size_t to_stride, const float* from, std::size_t from_stride,
                      std::size_t width, std::size_t rows, cudaMemcpyKind direction) {
  if (rows == 0) return;
  check(cudaMemcpy2D(to, to_stride * sizeof(float), from, from_stride * sizeof(float),
                     width * sizeof(float), rows, direction),
        "cudaMemcpy2D");
  check(cudaStreamSynchronize(nullptr), "cudaStreamSynchronize");
}

/// Keeps host memory of others where it is, so that copies from it run beside the device's work.
class pinned_range {
 public:
  pinned_range() = default;
  template <class T>
  explicit pinned_range(std::span<const T> memory,
                        const std::source_location& at = std::source_location::current()) {
    if (memory.empty()) return;
    void* const start = const_cast<T*>(memory.data());  // no element is changed
    const cudaError_t code = cudaHostRegister(start, memory.size_bytes(), cudaHostRegisterDefault);
    if (code != cudaSuccess)
      fail(code, "cudaHostRegister of " + detail::to_text(memory.size_bytes()) + " bytes", at);
    start_.reset(start);
  }
  /// The same where it can be: memory that a file is mapped to may refuse, and copies slower.
  template <class T>
  [[nodiscard]] static pinned_range where_possible(std::span<const T> memory) {
    try {
      return pinned_range(memory);
    } catch (const cuda_error&) {
      return {};
    }
  }

 private:
  struct release {
    void operator()(void* start) const noexcept { static_cast<void>(cudaHostUnregister(start)); }
  };

  std::unique_ptr<void, release> start_;
};

}  // namespace kindred::gpu
