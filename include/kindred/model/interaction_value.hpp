#pragma once

#include <kindred/core/error.hpp>

namespace kindred {

/// What a rating counts as in a model that ranks by interactions; a pair without one counts as 0.
enum class interaction_value {
  one,    ///< 1, whatever the rating
  rating  ///< its value
};

/// Throws option_error unless `value` is an enumerator.
inline void check_option(interaction_value value) {
  require_option(value == interaction_value::one || value == interaction_value::rating, "values",
                 static_cast<int>(value), "{one, rating}");
}

}  // namespace kindred
