#include <kindred/core/random.hpp>
#include <kindred/io/crc32.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kindred::crc32_test {

namespace {

using kindred::detail::crc32;
using kindred::detail::crc32_combine;

/// The definition, bit by bit.
std::uint32_t crc32_by_definition(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

std::string random_text(std::size_t size) {
  const kindred::counter_rng rng(7);
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(rng.below(i, 256));
  return text;
}

}  // namespace

TEST_CASE("crc32 gives the published check values") {
  CHECK(crc32("") == 0);
  CHECK(crc32("123456789") == 0xcbf43926U);  // the "check" of the CRC catalogue
  CHECK(crc32("The quick brown fox jumps over the lazy dog") == 0x414fa339U);
}

TEST_CASE("crc32 equals its definition at every size and alignment") {
  const std::string text = random_text(200);
  for (std::size_t first = 0; first < 20; ++first)
    for (std::size_t size = 0; first + size <= text.size(); ++size) {
      const std::string_view part = std::string_view(text).substr(first, size);
      REQUIRE(crc32(part) == crc32_by_definition(part));
    }
}

TEST_CASE("crc32 goes on from what came before, and joins what was done apart") {
  const std::string text = random_text(1000);
  const std::string_view all = text;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string_view head = all.substr(0, cut);
    const std::string_view tail = all.substr(cut);
    REQUIRE(crc32(tail, crc32(head)) == crc32(all));
    REQUIRE(crc32_combine(crc32(head), crc32(tail), tail.size()) == crc32(all));
  }
}

TEST_CASE("crc32 sees every change of one byte") {
  std::string text = random_text(64);
  const std::uint32_t whole = crc32(text);
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int change = 1; change < 256; ++change) {
      const char kept = text[i];
      text[i] = static_cast<char>(kept ^ change);
      REQUIRE(crc32(text) != whole);
      text[i] = kept;
    }
}

}  // namespace kindred::crc32_test
