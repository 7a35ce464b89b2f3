#pragma once

#include <cstdint>

namespace kindred::kernel {

/// A rating in its column, by the label of its row.
struct labelled_value {
  std::uint32_t label;
  float value;
};

}  // namespace kindred::kernel
