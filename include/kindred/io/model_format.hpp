#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/io/crc32.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// What makes a safetensors file a model file. Its metadata hold
//   checksum  CRC-32 of the whole file, these eight hexadecimal digits taken as zeros
//   format    "kindred"
//   version   of this format
//   kind      which model it is
// and the options of the model, as text; names of a part stand behind the name of the part and a
// dot. Tensors start on multiples of 64 bytes; what safetensors calls holes are tensors __pad0__
// and so on.

namespace kindred::detail {

inline constexpr std::string_view model_format = "kindred";
inline constexpr int model_format_version = 1;
inline constexpr std::size_t model_alignment = 64;
inline constexpr std::string_view zero_checksum = "00000000";

[[nodiscard]] inline std::string checksum_text(std::uint32_t checksum) {
  std::string text(zero_checksum);
  for (std::size_t i = text.size(); i > 0; --i, checksum >>= 4U)
    text[i - 1] = "0123456789abcdef"[checksum & 15U];
  return text;
}

/// crc32(), in parallel.
[[nodiscard]] inline std::uint32_t crc32_of_blocks(std::string_view bytes, std::uint32_t before) {
  constexpr std::size_t block = std::size_t{1} << 20;
  std::vector<std::uint32_t> parts((bytes.size() + block - 1) / block);
  parallel_for(parts.size(), 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t b = first; b < last; ++b) parts[b] = crc32(bytes.substr(b * block, block));
  });
  for (std::size_t b = 0; b < parts.size(); ++b)
    before = crc32_combine(before, parts[b], bytes.substr(b * block, block).size());
  return before;
}

/// The checksum of a whole file, its digits standing at byte `offset`.
[[nodiscard]] inline std::uint32_t checksum_of(std::string_view file, std::size_t offset) {
  const std::uint32_t head = crc32(zero_checksum, crc32(file.substr(0, offset)));
  return crc32_of_blocks(file.substr(offset + zero_checksum.size()), head);
}

/// Whether no element is infinite or no number, in parallel; true for what has no such values.
template <class T>
[[nodiscard]] bool all_finite(std::span<const T> elements) {
  if constexpr (std::is_floating_point_v<T>) {
    constexpr std::size_t block = std::size_t{1} << 16;
    const auto odd = [&](std::size_t first, std::size_t last) {
      bool finite = true;
      for (std::size_t i = first; i < last; ++i) finite &= std::isfinite(elements[i]);
      return finite ? 0.0 : 1.0;
    };
    return parallel_sum(elements.size(), odd, block) == 0;
  } else {
    return true;
  }
}

}  // namespace kindred::detail
