#pragma once

#include <kindred/backend/cuda/matrix_product.hpp>
#include <kindred/backend/cuda/network_sizes.hpp>
#include <kindred/backend/cuda/network_trainer.hpp>
#include <kindred/backend/network_kernels.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace kindred::test {

/// What gpu::network_trainer asks of a device, by plain loops.
class plain_device {
 public:
  template <class T>
  class array {
   public:
    array(std::size_t size, std::string_view) : numbers_(size) { allocated += size * sizeof(T); }

    // A constant array does not make its elements constant, as on a device.
    [[nodiscard]] T* data() const noexcept {
      return numbers_.empty() ? nullptr : const_cast<T*>(numbers_.data());
    }
    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }
    void zero() { std::fill(numbers_.begin(), numbers_.end(), T{}); }
    void write(std::span<const T> from) { std::copy(from.begin(), from.end(), numbers_.begin()); }
    void read(std::span<T> to) const { std::copy_n(numbers_.begin(), to.size(), to.begin()); }

   private:
    std::vector<T> numbers_;
  };

  /// Bytes of all arrays that were ever made.
  static inline std::size_t allocated = 0;

  explicit plain_device(std::size_t block) : block_(block) {}

  /// In any order: backwards.
  template <class Body>
  void for_each(std::size_t count, const Body& body) const {
    for (std::size_t n = count; n-- > 0;) body(n);
  }
  void zero(float* numbers, std::size_t count) const { std::fill_n(numbers, count, 0.0F); }

  void multiply(const gpu::matrix_product& p) const {
    const auto at = [](const gpu::product_factor& f, std::size_t row, std::size_t column) {
      return f.transposed ? f.data[column * f.stride + row] : f.data[row * f.stride + column];
    };
    for (std::size_t r = 0; r < p.rows; ++r)
      for (std::size_t c = 0; c < p.columns; ++c) {
        float& to = p.c[r * p.c_stride + c];
        float sum = (p.adds ? to : 0.0F) + (p.bias == nullptr ? 0.0F : p.bias[c]);
        for (std::size_t k = 0; k < p.depth; ++k) sum += at(p.a, r, k) * at(p.b, k, c);
        to = !p.rectified || sum > 0 ? sum : 0.0F;  // a rectifier may take what is no number for 0
      }
  }

  [[nodiscard]] std::span<std::byte> open() noexcept { return block_; }
  [[nodiscard]] const std::byte* send(std::size_t /*bytes*/) const noexcept {
    return block_.data();
  }
  void close() noexcept { std::fill(block_.begin(), block_.end(), std::byte{0xFF}); }
  void synchronize() const noexcept {}

 private:
  std::vector<std::byte> block_;
};

/// A backend with memory of its own: all but the device.
struct emulated_network {
  static constexpr std::string_view name = "emulated_network";
};

}  // namespace kindred::test

template <>
class kindred::network_kernels<kindred::test::emulated_network> {
 public:
  network_kernels(const test::emulated_network& /*backend*/, const network_problem& problem)
      : device_(gpu::network_sizes(problem).block), trainer_(device_, problem) {}

  void write(const network_numbers<const float>& from) { trainer_.write(from); }
  void read(const network_numbers<float>& to) const { trainer_.read(to); }
  void step(const network_batch& batch, const network_step& step) { trainer_.step(batch, step); }
  network_sums finish() { return trainer_.finish(); }

 private:
  test::plain_device device_;
  gpu::network_trainer<test::plain_device> trainer_;
};
