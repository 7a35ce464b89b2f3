#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#endif

namespace kindred {

/// Asks for huge pages behind memory that nothing has been written to: a few instead of thousands
/// of faults when it is. Only a hint, and none where the system has no such pages.
template <class T>
void prefer_huge_pages([[maybe_unused]] std::span<T> memory) noexcept {
#if defined(MADV_HUGEPAGE)
  constexpr std::size_t page = 4096;
  const std::span<std::byte> bytes = std::as_writable_bytes(memory);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(bytes.data()) % page;
  if (bytes.size() >= before + page)
    ::madvise(bytes.data() + before, (bytes.size() - before) / page * page, MADV_HUGEPAGE);
#endif
}

}  // namespace kindred
