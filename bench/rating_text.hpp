#pragma once

#include <kindred/core/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace kindred::bench {

struct made_rating {
  std::int64_t user;
  std::int64_t item;
  double stars;
  std::int64_t time;
};

/// Row `r` in the manner of MovieLens: by user, about 100 ratings each, some items much more often
/// than others.
inline made_rating rating_at(std::size_t r) {
  const counter_rng rng(1);
  const double u = rng.uniform(2 * r);
  const std::uint64_t bits = rng.bits(2 * r + 1);
  return {static_cast<std::int64_t>(1 + r / 100),
          1 + static_cast<std::int64_t>(u * u * u * 200'000),
          static_cast<double>(bits % 5) + (bits % 2 == 0 ? 0.0 : 0.5),
          static_cast<std::int64_t>(1'000'000'000 + (bits >> 8) % 700'000'000)};
}

/// A file of such rows; 28 bytes a row.
inline std::string rating_text(std::size_t rows, bool quoted = false) {
  const std::string quote = quoted ? "\"" : "";
  std::string text = "userId,movieId,rating,timestamp\n";
  text.reserve(rows * 33);
  for (std::size_t r = 0; r < rows; ++r) {
    const auto [user, item, stars, time] = rating_at(r);
    text += quote + std::to_string(user) + quote + ',';
    text += quote + std::to_string(item) + quote + ',';
    text += std::to_string(stars).substr(0, 3) + ',';
    text += std::to_string(time) + '\n';
  }
  return text;
}

}  // namespace kindred::bench
