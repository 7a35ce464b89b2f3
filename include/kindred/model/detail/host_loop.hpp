#pragma once

#include <kindred/backend/concepts.hpp>

#include <cstddef>
#include <functional>

namespace kindred::detail {

/// `for_range` of a host backend without the type of the backend, so that what runs on it is
/// compiled once and not for every backend.
class host_loop {
 public:
  using body = std::function<void(std::size_t begin, std::size_t end)>;

  template <host_backend Backend>
  explicit host_loop(const Backend& backend)
      : run_([backend](std::size_t count, const body& f) { backend.for_range(count, f); }) {}

  void operator()(std::size_t count, const body& f) const { run_(count, f); }

 private:
  std::function<void(std::size_t count, const body& f)> run_;
};

/// Calls `f(row)` for each of `count` rows.
template <class Function>
void for_each_index(const host_loop& loop, std::size_t count, const Function& f) {
  loop(count, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) f(row);
  });
}

}  // namespace kindred::detail
