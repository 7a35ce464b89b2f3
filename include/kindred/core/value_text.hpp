#pragma once

#include <kindred/core/error.hpp>

#include <string>
#include <string_view>
#include <type_traits>

namespace kindred::detail {

/// A value as text, as the headers of model files have it: true or false, the number of an
/// enumerator, the shortest text that reads back as the same number, or the text itself.
template <class Value>
[[nodiscard]] std::string value_text(const Value& value) {
  if constexpr (std::is_same_v<Value, bool>)
    return value ? "true" : "false";
  else if constexpr (std::is_enum_v<Value>)
    return to_text(static_cast<std::underlying_type_t<Value>>(value));
  else if constexpr (std::is_arithmetic_v<Value>)
    return to_text(value);
  else
    return std::string(std::string_view(value));
}

}  // namespace kindred::detail
