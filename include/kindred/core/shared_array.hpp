#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred {

/// Allocates on cache lines, and leaves trivial elements uninitialised where the container asks for
/// no value, so that memory is first touched by the thread that fills it.
template <class T>
struct aligned_allocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  aligned_allocator() = default;
  template <class U>
  // NOLINTNEXTLINE(google-explicit-constructor): allocators convert
  constexpr aligned_allocator(const aligned_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(::operator new(count * sizeof(T), alignment));
  }
  void deallocate(T* pointer, std::size_t) noexcept { ::operator delete(pointer, alignment); }

  template <class U, class... Args>
  void construct(U* place, Args&&... args) {
    if constexpr (sizeof...(Args) == 0 && std::is_trivially_default_constructible_v<U>)
      ::new (static_cast<void*>(place)) U;
    else
      ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }

  friend bool operator==(const aligned_allocator&, const aligned_allocator&) = default;
};

/// A vector on cache lines. `aligned_vector<float>(n)` is NOT zeroed; write `(n, 0.0F)` for that.
template <class T>
using aligned_vector = std::vector<T, aligned_allocator<T>>;

/// An immutable array that is shared, not copied: the storage of datasets, id maps and fitted
/// models. It owns a vector, or keeps alive whatever else holds its elements (a mapped file).
/// Copies are cheap and safe to read from any thread.
template <class T>
class shared_array {
 public:
  shared_array() = default;

  // NOLINTNEXTLINE(google-explicit-constructor): a finished vector becomes shared by assignment
  shared_array(aligned_vector<T> elements) : size_(elements.size()) {
    auto owner = std::make_shared<const aligned_vector<T>>(std::move(elements));
    data_ = std::shared_ptr<const T>(owner, owner->data());
  }

  /// Shares `size` elements at `data`, which `owner` keeps alive.
  shared_array(const std::shared_ptr<const void>& owner, const T* data, std::size_t size)
      : data_(owner, data), size_(size) {}

  [[nodiscard]] const T* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] const T* begin() const noexcept { return data(); }
  [[nodiscard]] const T* end() const noexcept { return data() + size_; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return data_.get()[i]; }
  [[nodiscard]] std::span<const T> span() const noexcept { return {data(), size_}; }

 private:
  std::shared_ptr<const T> data_;
  std::size_t size_ = 0;
};

}  // namespace kindred
