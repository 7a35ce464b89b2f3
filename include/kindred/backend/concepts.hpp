#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

namespace kindred {

namespace detail {

/// Stand-ins for the loop bodies that a host backend is given.
struct archetype_body {
  void operator()(std::size_t begin, std::size_t end) const;
};
struct archetype_term {
  double operator()(std::size_t begin, std::size_t end) const;
};

}  // namespace detail

/// Where the hot phase of a fit runs: a small value with its own options. A model never asks which
/// one it was given; the kernels of a model family are found by specialisation on it.
template <class Backend>
concept execution_backend = std::copyable<Backend> && requires {
  { Backend::name } -> std::convertible_to<std::string_view>;
};

/// A backend on this machine's processors: two loops are all that the host kernels ask of it.
/// `for_range(count, body)` calls `body(begin, end)` on disjoint ranges that cover 0 .. count-1;
/// `sum_range(count, term)` adds up `term(begin, end)` over fixed blocks, in order, so that every
/// host backend gives the same bits.
template <class Backend>
concept host_backend = execution_backend<Backend> &&
    requires(const Backend& backend, std::size_t count, const detail::archetype_body& body,
             const detail::archetype_term& term) {
  backend.for_range(count, body);
  { backend.sum_range(count, term) } -> std::same_as<double>;
};

}  // namespace kindred
