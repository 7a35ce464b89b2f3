#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace kindred {

/// Neighbouring slots that belong together: those of an id, of a feature column, of a context.
struct feature_field {
  std::string name;
  index first_slot = 0;
  index slots = 0;  ///< how many

  [[nodiscard]] index end_slot() const noexcept { return first_slot + slots; }

  friend bool operator==(const feature_field&, const feature_field&) = default;
};

namespace detail {

/// Throws data_error if its slots end beyond 2^31 - 1.
[[nodiscard]] inline feature_field make_field(std::string name, index first_slot,
                                              std::int64_t slots) {
  if (slots > std::numeric_limits<index>::max() - first_slot)
    throw data_error("features: more than 2147483647 slots, with those of " + quoted(name));
  return {std::move(name), first_slot, static_cast<index>(slots)};
}

}  // namespace detail

}  // namespace kindred
