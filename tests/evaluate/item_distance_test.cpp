#include <doctest/doctest.h>

#include <kindred/core/shared_array.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/evaluate/item_distance.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::item_distance_test {

namespace {

using kindred::index;
using kindred::item_distance;

/// Three items in two dimensions.
struct flat_model {
  using scalar_type = float;
  std::vector<float> items = {1, 0, 0, 2, -3, 0};

  [[nodiscard]] kindred::latent_view<float> latent() const noexcept {
    return {.num_users = 0, .num_items = 3, .factors = 2, .item_factors = items.data()};
  }
};

}  // namespace

TEST_CASE("cosine distances of cases worked by hand") {
  const std::vector<double> vectors = {1, 0, 3, 3, -2, 0, 0, 0};
  const item_distance distance = kindred::cosine_distance(std::span(vectors), 2);
  CHECK(distance(0, 0) == doctest::Approx(0));
  CHECK(distance(0, 1) == doctest::Approx(1 - std::sqrt(0.5)));
  CHECK(distance(1, 0) == distance(0, 1));
  CHECK(distance(0, 2) == doctest::Approx(2));
  CHECK(distance(0, 3) == 1);  // a zero vector has no direction
}

TEST_CASE("cosine distances of a model are those of its item factors") {
  const item_distance distance = kindred::cosine_distance(flat_model{});
  CHECK(distance(0, 1) == doctest::Approx(1));
  CHECK(distance(0, 2) == doctest::Approx(2));
}

TEST_CASE("cosine distances refuse vectors without a shape") {
  const std::vector<float> vectors(6);
  CHECK_THROWS_AS((void)kindred::cosine_distance(std::span(vectors), 0), kindred::option_error);
  CHECK_THROWS_AS((void)kindred::cosine_distance(std::span(vectors), 4), kindred::data_error);
}

TEST_CASE("Jaccard distances of cases worked by hand") {
  // Two fields: {0, 1 | 4}, {1 | 4, 5}, {}, {2}; the last row stands for unknown items.
  const kindred::aligned_vector<std::uint64_t> offsets = {0, 2, 3, 4, 6, 6, 6, 7, 7, 7, 7};
  const kindred::aligned_vector<index> slots = {0, 1, 4, 1, 4, 5, 2};
  const kindred::aligned_vector<float> values(slots.size(), 1.0F);
  const item_distance distance = kindred::jaccard_distance({4, 2, offsets, slots, values});
  CHECK(distance(0, 0) == 0);
  CHECK(distance(0, 1) == doctest::Approx(1 - 2.0 / 4));
  CHECK(distance(1, 0) == distance(0, 1));
  CHECK(distance(0, 3) == 1);
  CHECK(distance(0, 2) == 1);
  CHECK(distance(2, 2) == 0);
}

}  // namespace kindred::item_distance_test
