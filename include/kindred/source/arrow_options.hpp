#pragma once

#include <kindred/source/column_choice.hpp>

#include <cstdint>

namespace kindred {

/// Which columns an `arrow_source` reads, and how.
struct arrow_options {
  column_choice user{};
  column_choice item{};
  column_choice rating{};  ///< each value is 1 if there is none
  column_choice time{};    ///< no times if there is none
  column_choice weight{};

  /// The unit of times that are plain numbers: 1 for seconds, 1000 for milliseconds; > 0.
  std::int64_t ticks_per_second = 1;
};

}  // namespace kindred
