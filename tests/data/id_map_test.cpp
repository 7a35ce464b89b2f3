#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/data/id_map.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support.hpp"

namespace kindred::id_map_test {

using namespace test;

namespace {

void check_ids(const id_map& ids, const std::vector<std::string>& expected) {
  REQUIRE(ids.size() == static_cast<index>(expected.size()));
  int wrong = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto k = static_cast<index>(i);
    wrong += ids.id(k) != expected[i] || ids.find(expected[i]) != k ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK_FALSE(ids.find("none of them"));
}

}  // namespace

TEST_CASE("id_map: extended again and again, and every version stays what it is") {
  for (const std::size_t start : {0U, 1U, 100U}) {
    CAPTURE(start);
    const counter_rng rng(start);
    std::vector<std::string> all;
    for (std::size_t i = 0; i < start; ++i) all.push_back("old " + std::to_string(i));
    id_map ids = ids_of(all);
    std::vector<id_map> versions{ids};
    for (std::uint64_t step = 0; step < 60; ++step) {
      std::vector<std::string> more;
      for (std::uint64_t n = rng.below(step, 12); n > 0; --n)
        more.push_back(std::to_string(all.size() + more.size()));
      ids = ids.extended(more);
      all.insert(all.end(), more.begin(), more.end());
      versions.push_back(ids);
    }
    for (const id_map& version : versions) {
      const auto size = static_cast<std::size_t>(version.size());
      check_ids(version, {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size)});
      if (size < all.size()) CHECK_FALSE(version.find(all.back()));
    }
    const id_map flat = ids.flat();
    check_ids(flat, all);
    CHECK(flat.offsets().size() == all.size() + 1);
    CHECK(ids.find(static_cast<int>(start)) == static_cast<index>(start));
  }
}

TEST_CASE("id_map: an id that is known already is an error") {
  const std::vector<std::string> first = {"a", "b"};
  const std::vector<std::string> known = {"c", "a"};
  const std::vector<std::string> twice = {"d", "d"};
  const id_map ids = id_map().extended(first);
  CHECK_THROWS_WITH_AS((void)ids.extended(known), "id map: id 'a' occurs twice", data_error);
  CHECK_THROWS_WITH_AS((void)ids.extended(twice), "id map: id 'd' occurs twice", data_error);
  CHECK(ids.extended({}).size() == 2);
  CHECK(id_map().flat().size() == 0);
}

}  // namespace kindred::id_map_test
