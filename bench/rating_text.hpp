#pragma once

#include <kindred/core/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace kindred::bench {

/// A file in the manner of MovieLens' ratings.csv: by user, about 100 ratings each, some items much
/// more often than others; 28 bytes a row.
inline std::string rating_text(std::size_t rows, bool quoted = false) {
  const std::string quote = quoted ? "\"" : "";
  const counter_rng rng(1);
  std::string text = "userId,movieId,rating,timestamp\n";
  text.reserve(rows * 33);
  for (std::size_t r = 0; r < rows; ++r) {
    const double u = rng.uniform(2 * r);
    const auto item = static_cast<std::uint64_t>(u * u * u * 200'000);
    const std::uint64_t bits = rng.bits(2 * r + 1);
    text += quote + std::to_string(1 + r / 100) + quote + ',';
    text += quote + std::to_string(1 + item) + quote + ',';
    text += std::to_string(bits % 5) + (bits % 2 == 0 ? ".0," : ".5,");
    text += std::to_string(1'000'000'000 + (bits >> 8) % 700'000'000) + '\n';
  }
  return text;
}

}  // namespace kindred::bench
