#pragma once

#include <kindred/backend/concepts.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace kindred::backend {

/// Everything on the calling thread: the reference that the others are proved equal to.
struct serial {
  static constexpr std::string_view name = "serial";
  /// Elements added up in one go by sum_range; the same in every host backend.
  static constexpr std::size_t sum_block = 4096;

  template <class Body>
  void for_range(std::size_t count, const Body& body) const {
    if (count > 0) body(std::size_t{0}, count);
  }

  template <class Term>
  [[nodiscard]] double sum_range(std::size_t count, const Term& term) const {
    double total = 0;
    for (std::size_t begin = 0; begin < count; begin += sum_block)
      total += term(begin, std::min(count, begin + sum_block));
    return total;
  }
};

static_assert(host_backend<serial>);

}  // namespace kindred::backend
