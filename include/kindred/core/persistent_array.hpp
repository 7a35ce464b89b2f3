#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace kindred {

/// An array that is cheap to copy and to change: copies share what they have in common, a change
/// costs O(log size) and is seen by no copy. Elements that were never set are T{} and take no room,
/// by and large. A trie of 32 branches a node (Bagwell, "Ideal hash trees", 2001, on indices
/// instead of hashes). Copies may be read from any thread while others are changed.
template <class T>
class persistent_array {
 public:
  persistent_array() = default;

  /// The elements at 0 .. size-1. O(size).
  explicit persistent_array(std::span<const T> elements) {
    while (capacity() < elements.size()) ++height_;
    root_ = built(elements, height_);
  }

  [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
    static const T missing{};
    if (i >= capacity()) return missing;
    const void* node = root_.get();
    for (unsigned level = height_; node != nullptr && level > 0; --level)
      node = static_cast<const branch*>(node)->children[digit(i, level)].get();
    return node == nullptr ? missing : static_cast<const leaf*>(node)->elements[digit(i, 0)];
  }

  void set(std::size_t i, T value) {
    for (; i >= capacity(); ++height_) {
      if (root_ == nullptr) continue;
      auto above = std::make_shared<branch>();
      above->children[0] = std::move(root_);
      root_ = std::move(above);
    }
    root_ = changed(root_.get(), height_, i, std::move(value));
  }

  /// Calls `visit(first, elements)` for runs of neighbours that cover all that were set, in
  /// ascending order.
  template <class Visit>
  void for_each_run(const Visit& visit) const {
    if (root_ != nullptr) walk(root_.get(), height_, 0, visit);
  }

 private:
  static constexpr unsigned bits = 5;
  static constexpr std::size_t width = std::size_t{1} << bits;

  struct leaf {
    std::array<T, width> elements{};
  };
  struct branch {
    std::array<std::shared_ptr<const void>, width> children;
  };

  /// What a tree of this height has room for.
  [[nodiscard]] std::size_t capacity() const noexcept { return width << (bits * height_); }
  [[nodiscard]] static std::size_t digit(std::size_t i, unsigned level) noexcept {
    return (i >> (bits * level)) % width;
  }

  static std::shared_ptr<const void> built(std::span<const T> elements, unsigned level) {
    if (elements.empty()) return nullptr;
    if (level == 0) {
      auto made = std::make_shared<leaf>();
      for (std::size_t i = 0; i < elements.size(); ++i) made->elements[i] = elements[i];
      return made;
    }
    auto made = std::make_shared<branch>();
    const std::size_t part = std::size_t{1} << (bits * level);
    for (std::size_t c = 0; c * part < elements.size(); ++c)
      made->children[c] =
          built(elements.subspan(c * part, std::min(part, elements.size() - c * part)), level - 1);
    return made;
  }

  static std::shared_ptr<const void> changed(const void* node, unsigned level, std::size_t i,
                                             T value) {
    if (level == 0) {
      auto copy = node == nullptr ? std::make_shared<leaf>()
                                  : std::make_shared<leaf>(*static_cast<const leaf*>(node));
      copy->elements[digit(i, 0)] = std::move(value);
      return copy;
    }
    auto copy = node == nullptr ? std::make_shared<branch>()
                                : std::make_shared<branch>(*static_cast<const branch*>(node));
    auto& child = copy->children[digit(i, level)];
    child = changed(child.get(), level - 1, i, std::move(value));
    return copy;
  }

  template <class Visit>
  static void walk(const void* node, unsigned level, std::size_t first, const Visit& visit) {
    if (level == 0)
      return visit(first, std::span<const T>(static_cast<const leaf*>(node)->elements));
    for (std::size_t c = 0; c < width; ++c)
      if (const void* const child = static_cast<const branch*>(node)->children[c].get())
        walk(child, level - 1, first + (c << (bits * level)), visit);
  }

  std::shared_ptr<const void> root_;
  unsigned height_ = 0;
};

}  // namespace kindred
