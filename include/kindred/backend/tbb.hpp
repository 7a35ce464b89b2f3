#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/serial.hpp>
#include <kindred/core/parallel.hpp>

#include <cstddef>
#include <string_view>

namespace kindred::backend {

/// oneTBB tasks in the caller's arena: wrap a fit in tbb::task_arena::execute to bound its threads.
/// The results have the same bits as those of `serial`, on any number of threads.
struct tbb {
  static constexpr std::string_view name = "tbb";

  template <class Body>
  void for_range(std::size_t count, const Body& body) const {
    parallel_for(count, 1, body);
  }

  template <class Term>
  [[nodiscard]] double sum_range(std::size_t count, const Term& term) const {
    return parallel_sum(count, term, serial::sum_block);
  }
};

static_assert(host_backend<tbb>);

}  // namespace kindred::backend
