// All the device code of component kindred::cuda. It is compiled in the build of whoever links it.
#include <kindred/backend/als_kernels.hpp>
#include <kindred/backend/cuda/als_device.cuh>
#include <kindred/backend/cuda/check.cuh>
#include <kindred/backend/cuda/memory.cuh>
#include <kindred/backend/cuda/mf_device.cuh>
#include <kindred/backend/cuda/network_device.cuh>
#include <kindred/backend/cuda/policy.hpp>
#include <kindred/backend/cuda/similarity_device.cuh>
#include <kindred/backend/cuda/top_k_device.cuh>
#include <kindred/backend/knn_kernels.hpp>
#include <kindred/backend/network_kernels.hpp>
#include <kindred/core/error.hpp>
#include <kindred/kernel/neighbor_key.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

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

namespace kindred::gpu {

template class mf_device<float>;
template class mf_device<double>;

top_k_device::top_k_device(const backend::cuda& where, std::span<const float> rows,
                           std::size_t factors, std::span<const float> biases) {
  where.require_device();
  const device_scope scope(where.device);
  body_ = std::make_unique<body>(where, rows, factors, biases);
}

top_k_device::~top_k_device() = default;
top_k_device::top_k_device(top_k_device&&) noexcept = default;
top_k_device& top_k_device::operator=(top_k_device&&) noexcept = default;

void top_k_device::search(std::span<const float> queries, const excluded_view& excluded,
                          std::size_t k, std::span<ranked_key> best) const {
  constexpr std::size_t most = std::size_t{1} << 15;  // queries at a time
  const device_scope scope(body_->device);
  device_array<index> offsets(excluded.offsets.size(), "what queries exclude");
  device_array<index> items(excluded.items.size(), "what queries exclude");
  offsets.write(excluded.offsets);
  items.write(excluded.items);
  const std::size_t count = queries.size() / body_->factors;
  for (std::size_t first = 0; first < count && k > 0; first += most) {
    const std::size_t some = std::min(most, count - first);
    body_->search(queries.subspan(first * body_->factors, some * body_->factors),
                  offsets.data() == nullptr ? nullptr : offsets.data() + first, items.data(), k,
                  best.subspan(first * k, some * k));
  }
}

als_device::als_device(const backend::cuda& where, const als_problem& problem)
    : device_(where.device) {
  where.require_device();
  const device_scope scope(device_);
  body_ = std::make_unique<body>(where, problem);
}

als_device::~als_device() = default;

void als_device::solve(als_axis axis) {
  const device_scope scope(device_);
  body_->solve(axis);
}

double als_device::error() {
  const device_scope scope(device_);
  return body_->error();
}

void als_device::write(als_axis axis, std::span<const float> rows, std::size_t stride) {
  const device_scope scope(device_);
  body_->write(axis, rows, stride);
}

void als_device::read(als_axis axis, std::span<float> rows, std::size_t stride) const {
  const device_scope scope(device_);
  body_->read(axis, rows, stride);
}

void als_device::read_gramian(als_axis axis, std::span<float> rows, std::size_t stride) const {
  const device_scope scope(device_);
  body_->read_gramian(axis, rows, stride);
}

similarity_device::similarity_device(const backend::cuda& where, const similarity_problem& problem)
    : device_(where.device) {
  where.require_device();
  const device_scope scope(device_);
  body_ = std::make_unique<body>(problem);
}

similarity_device::~similarity_device() = default;

std::size_t similarity_device::keys_per_row() const noexcept {
  return body_->runs * body_->problem.most;
}

void similarity_device::find(std::size_t first, std::span<kernel::neighbor_key> keys) const {
  const device_scope scope(device_);
  body_->find(first, keys);
}

network_device::network_device(const backend::cuda& where, const network_problem& problem)
    : device_(where.device) {
  where.require_device();
  const device_scope scope(device_);
  body_ = std::make_unique<body>(where, problem);
}

network_device::~network_device() = default;

void network_device::write(const network_numbers<const float>& from) {
  const device_scope scope(device_);
  body_->trainer.write(from);
}

void network_device::read(const network_numbers<float>& to) const {
  const device_scope scope(device_);
  body_->trainer.read(to);
}

void network_device::step(const network_batch& batch, const network_step& step) {
  const device_scope scope(device_);
  body_->trainer.step(batch, step);
}

network_sums network_device::finish() {
  const device_scope scope(device_);
  return body_->trainer.finish();
}

}  // namespace kindred::gpu
