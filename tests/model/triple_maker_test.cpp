#include <kindred/backend/serial.hpp>
#include <kindred/model/detail/ranking/triple_maker.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../data/support.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::triple_maker_test {
namespace {

using detail::block_items;
using detail::tile_square;
using detail::triple_maker;

/// All squares of a grid of four blocks by four, in some pairing.
std::vector<tile_square> squares() {
  return {{{0, 1}, {2, 0}}, {{0, 1}, {1, 3}}, {{2, 3}, {2, 0}}, {{2, 3}, {1, 3}}};
}

bool has_rated(const dataset& data, const rating_tiles& tiles, index user, index item) {
  const auto own = data.by_user(tiles.users().index_at(static_cast<std::size_t>(user))).indices();
  return std::binary_search(own.begin(), own.end(),
                            tiles.items().index_at(static_cast<std::size_t>(item)));
}

}  // namespace

TEST_CASE("negatives are rated items of the two blocks that the user has not rated") {
  // Some users have rated nearly all, and some items nobody.
  const dataset data = test::random_dataset(3000, 60, 90, 1);
  const rating_tiles tiles(backend::serial{}, data, 4, 1);
  const counter_rng random(5);
  for (const double power : {0.0, 1.0}) {
    const block_items items(tiles.items(), data.item_offsets(), power);
    for (const tile_square& square : squares()) {
      triple_maker maker(data, tiles, items, square, random);
      std::uint64_t number = 0;
      std::size_t found = 0;
      for (const std::size_t u : square.users)
        for (const std::size_t i : square.items) {
          const kernel::sgd_tile tile = tiles.tile(u, i);
          for (std::size_t n = 0; n < tile.count; ++n) {
            const index item = maker.negative(tile.ratings[n].user, number++);
            if (item == unknown_index) continue;
            ++found;
            REQUIRE(!has_rated(data, tiles, tile.ratings[n].user, item));
            const index original = tiles.items().index_at(static_cast<std::size_t>(item));
            REQUIRE(!data.by_item(original).empty());
            const std::size_t block = tiles.items().block_of(original);
            REQUIRE((block == square.items[0] || block == square.items[1]));
          }
        }
      CHECK(found > number / 2);
    }
  }
}

TEST_CASE("items of two blocks are drawn in proportion to a power of their ratings") {
  const dataset data = test::random_dataset(600, 60, 40, 1);
  const rating_tiles tiles(backend::serial{}, data, 4, 1);
  const counter_rng random(7);
  for (const double power : {0.0, 0.5, 1.0}) {
    const block_items items(tiles.items(), data.item_offsets(), power);
    const block_items::pool pool = items.of(3, 1);
    constexpr std::uint64_t draws = 40000;
    std::vector<double> found(40, 0.0);
    for (std::uint64_t n = 0; n < draws; ++n)
      found[static_cast<std::size_t>(tiles.items().index_at(
          static_cast<std::size_t>(pool.draw(random.block(n)[0]))))] += 1.0 / draws;
    std::vector<double> expected(40, 0.0);
    double sum = 0;
    for (index i = 0; i < 40; ++i) {
      const std::size_t count = data.by_item(i).size();
      if (count == 0 || tiles.items().block_of(i) % 2 == 0) continue;
      sum += expected[static_cast<std::size_t>(i)] = std::pow(static_cast<double>(count), power);
    }
    for (std::size_t i = 0; i < 40; ++i)
      CHECK(std::abs(found[i] - expected[i] / sum) <= 5 * std::sqrt(expected[i] / sum / draws));
  }
}

TEST_CASE("a violator scores less than 1 below the positive, and draws are counted") {
  const dataset data = test::random_dataset(900, 60, 90, 1);
  const rating_tiles tiles(backend::serial{}, data, 4, 1);
  const block_items items(tiles.items(), data.item_offsets(), 0);
  const counter_rng random(5);
  // Scores are biases alone: one item in eight, by position, violates.
  constexpr std::size_t stride = 16;
  aligned_vector<float> factors(90 * stride, 0.0F);
  aligned_vector<kernel::sgd_row<float>> users(60);
  aligned_vector<kernel::sgd_row<float>> rows(90);
  const auto violates = [](index item) { return item % 8 == 0; };
  for (std::size_t p = 0; p < rows.size(); ++p)
    rows[p].bias = violates(static_cast<index>(p)) ? 0.5F : -0.5F;
  const kernel::sgd_matrices<float> matrices{factors.data(), factors.data(), users.data(),
                                             rows.data(), stride};
  for (const std::size_t trials : {1U, 6U, 300U}) {
    std::size_t calls = 0;
    std::size_t hits = 0;
    std::size_t drawn_in_all = 0;
    for (const tile_square& square : squares()) {
      const triple_maker maker(data, tiles, items, square, random);
      const kernel::sgd_tile tile = tiles.tile(square.users[0], square.items[0]);
      for (std::size_t n = 0; n < tile.count; ++n) {
        const kernel::tile_rating& r = tile.ratings[n];
        rows[static_cast<std::size_t>(r.item)].bias = 1;
        std::size_t drawn = 0;
        const index item = maker.violator(r.user, r.item, calls, trials, matrices, drawn);
        rows[static_cast<std::size_t>(r.item)].bias = violates(r.item) ? 0.5F : -0.5F;
        REQUIRE(drawn <= trials);
        ++calls;
        drawn_in_all += drawn;
        if (item == unknown_index) continue;
        ++hits;
        REQUIRE(violates(item));
        REQUIRE(!has_rated(data, tiles, r.user, item));
      }
    }
    REQUIRE(calls > 100);
    const double rate = static_cast<double>(hits) / static_cast<double>(drawn_in_all);
    CHECK(rate == doctest::Approx(1.0 / 8).epsilon(0.5));  // as often as they can be drawn
  }
}

}  // namespace kindred::triple_maker_test
