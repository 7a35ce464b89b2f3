#pragma once

#include <kindred/backend/cuda/check.cuh>

#include <cuda_runtime.h>

#include <memory>
#include <span>
#include <type_traits>

namespace kindred::gpu {

/// Marks a place in a stream, for others to wait for.
class event {
 public:
  event() {
    cudaEvent_t made = nullptr;
    check(cudaEventCreateWithFlags(&made, cudaEventDisableTiming), "cudaEventCreateWithFlags");
    handle_.reset(made);
  }

  [[nodiscard]] cudaEvent_t get() const noexcept { return handle_.get(); }

  /// Waits on the host for what was recorded last, if anything was.
  void synchronize() const { check(cudaEventSynchronize(get()), "cudaEventSynchronize"); }

 private:
  struct release {
    void operator()(cudaEvent_t handle) const noexcept {
      static_cast<void>(cudaEventDestroy(handle));
    }
  };

  std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, release> handle_;
};

/// Work of a device that is done in order, beside that of other streams.
class stream {
 public:
  stream() {
    cudaStream_t made = nullptr;
    check(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    handle_.reset(made);
  }

  [[nodiscard]] cudaStream_t get() const noexcept { return handle_.get(); }

  /// From pinned memory the host does not wait.
  template <class T>
  void copy(std::span<const T> from, T* to) {
    check(cudaMemcpyAsync(to, from.data(), from.size_bytes(), cudaMemcpyHostToDevice, get()),
          "cudaMemcpyAsync to the device");
  }
  void record(const event& mark) { check(cudaEventRecord(mark.get(), get()), "cudaEventRecord"); }
  /// What is asked for from now on comes after what was recorded.
  void wait_for(const event& mark) {
    check(cudaStreamWaitEvent(get(), mark.get(), 0), "cudaStreamWaitEvent");
  }
  /// Waits on the host, and says what went wrong in the meantime.
  void synchronize() const { check(cudaStreamSynchronize(get()), "cudaStreamSynchronize"); }

 private:
  struct release {
    void operator()(cudaStream_t handle) const noexcept {
      // Memory that the work still uses may go next.
      static_cast<void>(cudaStreamSynchronize(handle));
      static_cast<void>(cudaStreamDestroy(handle));
    }
  };

  std::unique_ptr<std::remove_pointer_t<cudaStream_t>, release> handle_;
};

}  // namespace kindred::gpu
