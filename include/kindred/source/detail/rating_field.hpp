#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

namespace kindred::detail {

/// The fields of a rating, in their order in a tuple and in a file without a header.
enum class rating_field : std::size_t { user, item, rating, time, weight };

inline constexpr std::array all_rating_fields = {rating_field::user, rating_field::item,
                                                 rating_field::rating, rating_field::time,
                                                 rating_field::weight};
inline constexpr std::size_t rating_fields = all_rating_fields.size();

[[nodiscard]] constexpr std::string_view name_of(rating_field field) noexcept {
  constexpr std::string_view names[rating_fields] = {"user id", "item id", "rating", "time",
                                                     "weight"};
  return names[static_cast<std::size_t>(field)];
}

/// Makes a float of a number and returns why that cannot be, or nullptr.
[[nodiscard]] inline const char* narrow(double number, float& value) noexcept {
  if (!std::isfinite(number)) return "is not finite";
  if (std::abs(number) > static_cast<double>(std::numeric_limits<float>::max()))
    return "is out of the range of a float";
  value = static_cast<float>(number);
  return nullptr;
}

}  // namespace kindred::detail
