#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace kindred::detail {

/// Cuts the whole lines of `text` into pieces of about `piece_bytes`: piece i is from cuts[i] to
/// cuts[i + 1]. The single cut 0 means that the text holds no whole line.
inline void cut_lines(std::string_view text, bool is_last, std::size_t piece_bytes,
                      std::vector<std::size_t>& cuts) {
  cuts.assign(1, 0);
  const std::size_t end = is_last ? text.size() : text.rfind('\n') + 1;  // npos + 1 is 0
  while (cuts.back() < end) {
    const std::size_t least = std::min(cuts.back() + piece_bytes, end) - 1;
    cuts.push_back(std::min(text.find('\n', least), end - 1) + 1);
  }
}

}  // namespace kindred::detail
