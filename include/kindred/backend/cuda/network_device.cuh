#pragma once

#include <kindred/backend/cuda/check.cuh>
#include <kindred/backend/cuda/matrix_product.hpp>
#include <kindred/backend/cuda/matrix_products.cuh>
#include <kindred/backend/cuda/memory.cuh>
#include <kindred/backend/cuda/network_device.hpp>
#include <kindred/backend/cuda/network_sizes.hpp>
#include <kindred/backend/cuda/network_trainer.hpp>
#include <kindred/backend/cuda/stream.cuh>
#include <kindred/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred::gpu {

inline constexpr unsigned threads_of_bodies = 128;

template <class Body>
__global__ void __launch_bounds__(threads_of_bodies) run_bodies(std::size_t count, Body body) {
  const std::size_t all = std::size_t{gridDim.x} * threads_of_bodies;
  for (std::size_t n = std::size_t{blockIdx.x} * threads_of_bodies + threadIdx.x; n < count;
       n += all)
    body(n);
}

/// What network_trainer asks of a device. Batches take turns in two blocks of pinned memory, and
/// are copied by a stream of their own, beside the work on the one before.
class network_queue {
 public:
  template <class T>
  using array = device_array<T>;

  explicit network_queue(std::size_t block) : turns_{turn(block), turn(block)} {}

  template <class Body>
  void for_each(std::size_t count, const Body& body) {
    if (count == 0) return;
    constexpr std::size_t most = std::size_t{1} << 20;
    const std::size_t blocks = std::min(most, parts_of(count, threads_of_bodies));
    run_bodies<<<static_cast<unsigned>(blocks), threads_of_bodies, 0, work_.get()>>>(count, body);
    check_launch("a launch of run_bodies");
  }
  void zero(float* numbers, std::size_t count) {
    check(cudaMemsetAsync(numbers, 0, count * sizeof(float), work_.get()), "cudaMemsetAsync");
  }
  void multiply(const matrix_product& product) { products_.run(product, work_); }

  [[nodiscard]] std::span<std::byte> open() {
    current_ = 1 - current_;
    turns_[current_].used.synchronize();
    return turns_[current_].host;
  }
  [[nodiscard]] const std::byte* send(std::size_t bytes) {
    turn& at = turns_[current_];
    copies_.copy(std::span<const std::byte>(at.host).first(bytes), at.device.data());
    copies_.record(at.copied);
    work_.wait_for(at.copied);
    return at.device.data();
  }
  void close() { work_.record(turns_[current_].used); }

  void synchronize() const { work_.synchronize(); }

 private:
  struct turn {
    explicit turn(std::size_t block)
        : host(block), pinned(std::span<const std::byte>(host)), device(block, "a batch") {}

    std::vector<std::byte> host;
    pinned_range pinned;
    device_array<std::byte> device;
    event copied;
    event used;
  };

  std::array<turn, 2> turns_;
  std::size_t current_ = 0;
  matrix_products products_;
  stream copies_;
  stream work_;  // last: it is waited for before the rest goes
};

class network_device::body {
 public:
  body(const backend::cuda& where, const network_problem& problem)
      : queue_(checked(where, problem)), trainer(queue_, problem) {}

 private:
  /// The bytes of a batch.
  [[nodiscard]] static std::size_t checked(const backend::cuda& where,
                                           const network_problem& problem) {
    const network_sizes sizes(problem);
    const std::size_t least = sizes.bytes(problem) + matrix_products::workspace_bytes;
    require_option(where.memory == 0 || least <= where.memory, "memory", where.memory,
                   "[" + detail::to_text(least) + ", all that the device has]");
    require_option(where.storage == backend::cuda_storage::full, "storage", "half",
                   "{full} for networks");
    return sizes.block;
  }

  network_queue queue_;

 public:
  network_trainer<network_queue> trainer;
};

}  // namespace kindred::gpu
