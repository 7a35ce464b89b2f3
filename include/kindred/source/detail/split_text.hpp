#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kindred::detail {

/// "Animation|Comedy" in parts; one more than there are separators.
[[nodiscard]] inline std::vector<std::string> split_text(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace kindred::detail
