#pragma once

#include <kindred/core/error.hpp>

#include <string>
#include <string_view>

namespace kindred::detail {

/// `identifier` between two `quote`s, with those inside doubled. Throws option_error if it is empty
/// or has a zero byte, where a database might take it to end.
[[nodiscard]] inline std::string quote_identifier(std::string_view identifier, char quote) {
  const bool is_sound = !identifier.empty() && identifier.find('\0') == identifier.npos;
  require_option(is_sound, "name of a table or column", identifier, "{text without a zero byte}");
  std::string text(1, quote);
  for (const char c : identifier) {
    if (c == quote) text += quote;
    text += c;
  }
  return text += quote;
}

}  // namespace kindred::detail
