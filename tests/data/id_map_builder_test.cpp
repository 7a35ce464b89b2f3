#include <kindred/core/random.hpp>
#include <kindred/data/id_map_builder.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "support.hpp"

namespace kindred::id_map_builder_test {

using namespace test;

namespace {

/// A builder beside the obvious one; they must always agree.
class checked_builder {
 public:
  void intern(std::int64_t id) { compare(builder_.intern(id), std::to_string(id)); }
  void intern_text(const std::string& id) { compare(builder_.intern(id), id); }

  void finish() {
    REQUIRE(builder_.size() == static_cast<index>(order_.size()));
    const id_map ids = builder_.finish();
    CHECK(builder_.size() == 0);
    REQUIRE(ids.size() == static_cast<index>(order_.size()));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const auto k = static_cast<index>(i);
      wrong += ids.id(k) != order_[i] || ids.find(order_[i]) != k ? 1U : 0U;
    }
    CHECK(wrong == 0);
    CHECK(disagreements_ == 0);
  }

 private:
  void compare(index got, const std::string& id) {
    const auto [at, fresh] = indices_.try_emplace(id, static_cast<index>(order_.size()));
    if (fresh) order_.push_back(id);
    disagreements_ += got != at->second ? 1U : 0U;
  }

  id_map_builder builder_;
  std::unordered_map<std::string, index> indices_;
  std::vector<std::string> order_;
  std::size_t disagreements_ = 0;
};

}  // namespace

TEST_CASE("id_map_builder: indices in the order in which ids are first seen") {
  id_map_builder builder;
  CHECK(builder.size() == 0);
  CHECK(builder.intern("bob") == 0);
  CHECK(builder.intern(42) == 1);
  CHECK(builder.intern("") == 2);
  CHECK(builder.intern("bob") == 0);
  CHECK(builder.intern(std::string_view("\0x", 2)) == 3);
  CHECK(builder.size() == 4);
  const id_map ids = builder.finish();
  CHECK(ids.id(0) == "bob");
  CHECK(ids.id(1) == "42");
  CHECK(ids.id(2).empty());
  CHECK(ids.find(std::string_view("\0x", 2)) == 3);
  CHECK(id_map_builder().finish().size() == 0);
}

TEST_CASE("id_map_builder: an integer and the text that spells it are one id") {
  id_map_builder builder;
  const auto lowest = std::numeric_limits<std::int64_t>::min();
  const auto highest = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t id : {std::int64_t{0}, std::int64_t{7}, std::int64_t{-7},
                                std::int64_t{1} << 40, lowest, highest}) {
    const index at = builder.intern(id);
    CHECK(builder.intern(std::to_string(id)) == at);
    CHECK(builder.intern(id) == at);
  }
  CHECK(builder.size() == 6);
  // What is not exactly how an integer is written is another id.
  index next = 6;
  for (const char* id : {"-0", "00", "07", "+7", "7 ", " 7", "7.0", "-", "9223372036854775808",
                         "-9223372036854775809", "18446744073709551615"})
    CHECK(builder.intern(id) == next++);
  CHECK(builder.size() == 17);
}

TEST_CASE("id_map_builder: agrees with a map on any mixture of ids") {
  const counter_rng rng(9);
  checked_builder builder;
  for (std::uint64_t k = 0; k < 200000; ++k) {
    // Dense and sparse integers of all sizes, so that the table grows over what was hashed before.
    const auto bits = static_cast<std::int64_t>(rng.bits(2 * k));
    const std::int64_t id = bits >> (rng.below(2 * k + 1, 64));
    switch (rng.below(2 * k + 1, 5)) {
      case 0:
        builder.intern(id);
        break;
      case 1:
        builder.intern(id & 0x1ffff);
        break;
      case 2:
        builder.intern_text(std::to_string(id));
        break;
      case 3:
        builder.intern_text("u" + std::to_string(id & 0xffff));
        break;
      default:
        builder.intern(static_cast<std::int64_t>(k));
        break;
    }
  }
  builder.finish();
}

TEST_CASE("id_map_builder: descending and strided integers") {
  checked_builder builder;
  for (std::int64_t id = 100000; id > -1000; --id) builder.intern(id);
  for (std::int64_t id = 0; id < 100000; ++id) builder.intern(id * 4096);
  for (std::int64_t id = 0; id < 100000; ++id) builder.intern(id * 4096);
  builder.finish();
}

TEST_CASE("id_map_builder: goes on from a map that exists") {
  const id_map known = ids_of({"x", "5", "-3", "", "99999999999"});
  id_map_builder builder(known);
  CHECK(builder.size() == 5);
  CHECK(builder.intern(5) == 1);
  CHECK(builder.intern("99999999999") == 4);
  CHECK(builder.intern("new") == 5);
  CHECK(builder.intern(-3) == 2);
  const id_map ids = builder.finish();
  for (index i = 0; i < known.size(); ++i) CHECK(ids.id(i) == known.id(i));
  CHECK(ids.find("new") == 5);
}

}  // namespace kindred::id_map_builder_test
