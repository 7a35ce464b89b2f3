#include <kindred/backend/rating_tiles.hpp>
#include <kindred/backend/serial.hpp>
#include <kindred/backend/tbb.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <tuple>

#include "../data/support.hpp"

namespace kindred::rating_tiles_test {
namespace {

using triple = std::tuple<kindred::index, kindred::index, float>;

std::multiset<triple> all_ratings(const kindred::dataset& ratings) {
  std::multiset<triple> all;
  for (const auto& r : kindred::test::ratings_of(ratings)) all.emplace(r.user, r.item, r.value);
  return all;
}

}  // namespace

TEST_CASE("tiles hold each rating once, and a stratum shares no row") {
  const auto ratings = kindred::test::random_dataset(4000, 597, 43, 1);
  for (const std::size_t blocks : {1U, 2U, 7U, 43U}) {
    const rating_tiles tiles(kindred::backend::tbb{}, ratings, blocks, 42);
    std::multiset<triple> seen;
    for (std::size_t stratum = 0; stratum < blocks; ++stratum) {
      std::set<kindred::index> users;
      std::set<kindred::index> items;
      for (std::size_t b = 0; b < blocks; ++b) {
        std::set<kindred::index> tile_users;
        std::set<kindred::index> tile_items;
        const auto tile = tiles.tile(b, (b + stratum) % blocks);
        for (std::size_t n = 0; n < tile.count; ++n) {
          const auto& r = tile.ratings[n];
          if (n > 0) CHECK(tile.ratings[n - 1].user <= r.user);
          tile_users.insert(r.user);
          tile_items.insert(r.item);
          seen.emplace(tiles.users().index_at(static_cast<std::size_t>(r.user)),
                       tiles.items().index_at(static_cast<std::size_t>(r.item)), r.value);
        }
        for (const auto u : tile_users) CHECK(users.insert(u).second);
        for (const auto i : tile_items) CHECK(items.insert(i).second);
      }
    }
    CHECK(seen == all_ratings(ratings));
  }
}

TEST_CASE("blocks are cut by ratings, not by rows") {
  const auto ratings = kindred::test::random_dataset(60000, 2000, 300, 5);
  std::size_t most = 0;
  for (kindred::index i = 0; i < ratings.num_items(); ++i)
    most = std::max(most, ratings.by_item(i).size());
  const rating_tiles tiles(kindred::backend::serial{}, ratings, 8, 42);
  for (std::size_t item_block = 0; item_block < 8; ++item_block) {
    std::size_t count = 0;
    for (std::size_t user_block = 0; user_block < 8; ++user_block)
      count += tiles.tile(user_block, item_block).count;
    // An eighth, give or take the most popular item, which a cut cannot split.
    CHECK(count <= ratings.size() / 8 + most);
    CHECK(count + most >= ratings.size() / 8);
  }
}

TEST_CASE("positions and indices are inverse") {
  const auto ratings = kindred::test::random_dataset(100, 31, 17, 2);
  const rating_tiles tiles(kindred::backend::serial{}, ratings, 4, 9);
  for (kindred::index u = 0; u < 31; ++u) {
    const auto position = tiles.users().position_of(u);
    CHECK(tiles.users().index_at(static_cast<std::size_t>(position)) == u);
    const auto cuts = tiles.users().cuts();
    const std::size_t block = tiles.users().block_of(u);
    CHECK(cuts[block] <= static_cast<std::size_t>(position));
    CHECK(static_cast<std::size_t>(position) < cuts[block + 1]);
  }
}

TEST_CASE("weights travel with their ratings") {
  const auto ratings = kindred::test::random_dataset(500, 40, 30, 3);
  std::set<std::tuple<kindred::index, kindred::index, float>> weights;
  for (const auto& r : kindred::test::ratings_of(ratings))
    weights.emplace(r.user, r.item, r.weight);
  const rating_tiles tiles(kindred::backend::tbb{}, ratings, 5, 42);
  for (std::size_t user_block = 0; user_block < 5; ++user_block)
    for (std::size_t item_block = 0; item_block < 5; ++item_block) {
      const auto tile = tiles.tile(user_block, item_block);
      for (std::size_t n = 0; n < tile.count; ++n)
        CHECK(weights.contains(
            {tiles.users().index_at(static_cast<std::size_t>(tile.ratings[n].user)),
             tiles.items().index_at(static_cast<std::size_t>(tile.ratings[n].item)),
             tile.weights[n]}));
    }
}

}  // namespace kindred::rating_tiles_test
