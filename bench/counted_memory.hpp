#pragma once

// Counts what operator new hands out. Defines it: for one file of a program.

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace kindred::bench {

inline std::atomic<std::size_t> live_bytes{0};
inline std::atomic<std::size_t> most_bytes{0};

// Not inlined: g++ would take what is freed for the library's operator new's own.
[[gnu::noinline]] inline void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  const std::size_t now = live_bytes += ::malloc_usable_size(memory);
  std::size_t seen = most_bytes.load();
  while (now > seen && !most_bytes.compare_exchange_weak(seen, now)) {
  }
  return memory;
}

[[gnu::noinline]] inline void discounted(void* memory) noexcept {
  if (memory != nullptr) live_bytes -= ::malloc_usable_size(memory);
  std::free(memory);
}

/// The most bytes that `run` held at once, above those that were held before.
template <class Run>
std::size_t most_bytes_of(const Run& run) {
  const std::size_t before = live_bytes;
  most_bytes = before;
  run();
  return most_bytes - before;
}

}  // namespace kindred::bench

void* operator new(std::size_t size) { return kindred::bench::counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  return kindred::bench::counted(std::aligned_alloc(unit, (size + unit - 1) / unit * unit));
}
void operator delete(void* memory) noexcept { kindred::bench::discounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { kindred::bench::discounted(memory); }
void operator delete(void* memory, std::align_val_t) noexcept {
  kindred::bench::discounted(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  kindred::bench::discounted(memory);
}
