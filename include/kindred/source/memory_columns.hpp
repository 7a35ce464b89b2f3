#pragma once

#include <kindred/core/error.hpp>

#include <cstddef>
#include <iterator>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

namespace kindred {

/// Columns of equal length, as the range of their rows, for a memory_source. Columns are contiguous
/// (a std::vector, a std::span, an array); they are referred to, and must outlive it.
template <class... Fields>
class memory_columns {
 public:
  class iterator {
   public:
    using value_type = std::tuple<const Fields&...>;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    explicit iterator(const Fields*... fields) noexcept : fields_(fields...) {}
    value_type operator*() const noexcept {
      return std::apply([](const Fields*... field) { return value_type(*field...); }, fields_);
    }
    iterator& operator++() noexcept {
      std::apply([](const Fields*&... field) { (++field, ...); }, fields_);
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator&, const iterator&) = default;

   private:
    std::tuple<const Fields*...> fields_;
  };

  /// Throws data_error if the columns differ in length.
  explicit memory_columns(std::span<const Fields>... columns)
      : begin_(columns.data()...), end_((columns.data() + columns.size())...) {
    const std::size_t sizes[] = {columns.size()...};
    for (const std::size_t size : sizes)
      if (size != sizes[0]) throw data_error("rating columns differ in length");
  }

  [[nodiscard]] iterator begin() const noexcept { return begin_; }
  [[nodiscard]] iterator end() const noexcept { return end_; }

 private:
  iterator begin_;
  iterator end_;
};

template <class... Columns>
memory_columns(const Columns&...)
    -> memory_columns<std::remove_cvref_t<decltype(*std::data(std::declval<const Columns&>()))>...>;

}  // namespace kindred
