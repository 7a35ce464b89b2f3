#pragma once

#include <kindred/core/host_device.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace kindred {

/// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3", SC 2011). A draw is a pure function of (seed, stream, counter), so
/// parallel work that numbers its draws gets the same bits on any number of threads.
class counter_rng {
 public:
  /// Streams of one seed are independent; give each purpose its own.
  KINDRED_HOST_DEVICE constexpr explicit counter_rng(std::uint64_t seed,
                                                     std::uint64_t stream = 0) noexcept
      : seed_(seed), stream_(stream) {}

  /// The 128 random bits of `counter`.
  [[nodiscard]] constexpr std::array<std::uint32_t, 4> block(std::uint64_t counter) const noexcept {
    std::uint32_t x[4] = {};
    draw(counter, x);
    return {x[0], x[1], x[2], x[3]};
  }
  /// The same into `x`, as a GPU asks for them.
  KINDRED_HOST_DEVICE constexpr void draw(std::uint64_t counter,
                                          std::uint32_t (&x)[4]) const noexcept {
    x[0] = low(counter);
    x[1] = high(counter);
    x[2] = low(stream_);
    x[3] = high(stream_);
    std::uint32_t key0 = low(seed_);
    std::uint32_t key1 = high(seed_);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t{0xD2511F53U} * x[0];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * x[2];
      x[0] = high(b) ^ x[1] ^ key0;
      x[1] = low(b);
      x[2] = high(a) ^ x[3] ^ key1;
      x[3] = low(a);
      key0 += 0x9E3779B9U;
      key1 += 0xBB67AE85U;
    }
  }

  [[nodiscard]] constexpr std::uint64_t bits(std::uint64_t counter) const noexcept {
    const auto x = block(counter);
    return (std::uint64_t{x[1]} << 32) | x[0];
  }

  /// Uniform in [0, 1) with 53 random bits.
  [[nodiscard]] constexpr double uniform(std::uint64_t counter) const noexcept {
    return static_cast<double>(bits(counter) >> 11) * 0x1.0p-53;
  }

  /// Uniform in 0 .. bound-1; the bias of at most bound / 2^64 is out of reach of any test.
  [[nodiscard]] constexpr std::uint64_t below(std::uint64_t counter,
                                              std::uint32_t bound) const noexcept {
    const auto x = block(counter);
    const std::uint64_t upper = std::uint64_t{x[1]} * bound;
    const std::uint64_t lower = std::uint64_t{x[0]} * bound;
    return (upper + (lower >> 32)) >> 32;
  }

  /// Standard normal, by Box and Muller (1958).
  [[nodiscard]] double normal(std::uint64_t counter) const noexcept {
    const auto x = block(counter);
    const double u = (static_cast<double>(x[0]) + 1.0) * 0x1.0p-32;  // in (0, 1]: log is finite
    const double v = static_cast<double>(x[1]) * 0x1.0p-32;
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
  }

 private:
  KINDRED_HOST_DEVICE static constexpr std::uint32_t low(std::uint64_t x) noexcept {
    return static_cast<std::uint32_t>(x);
  }
  KINDRED_HOST_DEVICE static constexpr std::uint32_t high(std::uint64_t x) noexcept {
    return static_cast<std::uint32_t>(x >> 32);
  }

  std::uint64_t seed_;
  std::uint64_t stream_;
};

/// A seeded shuffle of 0 .. size-1 that needs no memory and can be asked for any element in any
/// order: a Feistel network on the next even power of two, walked until it falls inside (Black and
/// Rogaway, "Ciphers with arbitrary finite domains", 2002). At most four steps a call on average,
/// 256 / size for sizes up to 64: a smaller network is measurably not uniform.
class random_permutation {
 public:
  constexpr random_permutation(std::uint64_t size, std::uint64_t seed) noexcept
      : size_(size),
        half_bits_(size <= 256 ? 4U : static_cast<unsigned>(std::bit_width(size - 1) + 1) / 2),
        rng_(seed, 0x7065726dU) {}

  [[nodiscard]] constexpr std::uint64_t size() const noexcept { return size_; }

  /// Where `position` goes; a bijection on 0 .. size-1. Precondition: position < size().
  [[nodiscard]] constexpr std::uint64_t operator()(std::uint64_t position) const noexcept {
    if (size_ < 2) return position;
    do position = step(position);
    while (position >= size_);
    return position;
  }

 private:
  [[nodiscard]] constexpr std::uint64_t step(std::uint64_t x) const noexcept {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t left = x >> half_bits_;
    std::uint64_t right = x & mask;
    for (std::uint64_t round = 0; round < 6; ++round) {
      const std::uint64_t mixed = rng_.bits((round << 60) ^ right) & mask;
      const std::uint64_t next = left ^ mixed;
      left = right;
      right = next;
    }
    return (left << half_bits_) | right;
  }

  std::uint64_t size_;
  unsigned half_bits_;
  counter_rng rng_;
};

}  // namespace kindred
