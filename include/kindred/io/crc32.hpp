#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace kindred::detail {

inline constexpr std::uint32_t crc32_polynomial = 0xedb88320U;

/// tables[k][b] is the effect of byte b followed by k zero bytes.
using crc32_tables = std::array<std::array<std::uint32_t, 256>, 16>;

[[nodiscard]] constexpr crc32_tables make_crc32_tables() noexcept {
  crc32_tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? crc32_polynomial : 0U);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  return tables;
}

inline constexpr crc32_tables crc32_table = make_crc32_tables();

/// The part of four bytes of the message that `zeros` more bytes follow, in a step of sixteen.
[[nodiscard]] inline std::uint32_t crc32_step(std::uint32_t word, std::size_t zeros) noexcept {
  return crc32_table[zeros + 3][word & 0xff] ^ crc32_table[zeros + 2][(word >> 8) & 0xff] ^
         crc32_table[zeros + 1][(word >> 16) & 0xff] ^ crc32_table[zeros][word >> 24];
}

/// CRC-32 (IEEE 802.3, as zlib's and Python's `zlib.crc32`) of `bytes`, going on from the value of
/// what came before them. It catches every change of up to 32 bits in a row. Sixteen bytes a step:
/// Kounavis and Berry, "A systematic approach to building high performance, software-based, CRC
/// generators", ISCC 2005.
[[nodiscard]] inline std::uint32_t crc32(std::string_view bytes,
                                         std::uint32_t before = 0) noexcept {
  std::uint32_t crc = ~before;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 16; left -= 16, at += 16) {
    std::array<std::uint32_t, 4> words;
    std::memcpy(words.data(), at, 16);
    crc = crc32_step(words[0] ^ crc, 12) ^ crc32_step(words[1], 8) ^ crc32_step(words[2], 4) ^
          crc32_step(words[3], 0);
  }
  for (; left > 0; --left, ++at)
    crc = (crc >> 8) ^ crc32_table[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff];
  return ~crc;
}

/// a * b modulo the polynomial of CRC-32; the highest bit is the coefficient of x^0.
[[nodiscard]] constexpr std::uint32_t crc32_multiply(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t product = 0;
  for (std::uint32_t bit = 0x80000000U; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? crc32_polynomial : 0U);
  }
  return product;
}

/// The CRC-32 of two texts one after the other, from the value of each: lets parts be done in
/// parallel. O(log size_b).
[[nodiscard]] constexpr std::uint32_t crc32_combine(std::uint32_t a, std::uint32_t b,
                                                    std::uint64_t size_b) noexcept {
  std::uint32_t power = 0x00800000U;  // x^8: one byte
  for (; size_b != 0; size_b >>= 1) {
    if ((size_b & 1) != 0) a = crc32_multiply(a, power);
    power = crc32_multiply(power, power);
  }
  return a ^ b;
}

}  // namespace kindred::detail
