#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/rating_tiles.hpp>
#include <kindred/backend/serial.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

#include "../data/support.hpp"

namespace kindred::cuda_plan_test {

using namespace kindred::gpu;

TEST_CASE("lanes share a row in packets of a power of two") {
  CHECK(shape_of_rows(0) == row_shape{1, 32});
  CHECK(shape_of_rows(1) == row_shape{1, 32});
  CHECK(shape_of_rows(32) == row_shape{1, 32});
  CHECK(shape_of_rows(33) == row_shape{2, 64});
  CHECK(shape_of_rows(64) == row_shape{2, 64});
  CHECK(shape_of_rows(65) == row_shape{4, 128});
  CHECK(shape_of_rows(129) == row_shape{4, 256});
  CHECK(shape_of_rows(4096) == row_shape{4, 4096});
  CHECK(shape_of_rows(128).one_turn());
  CHECK_FALSE(shape_of_rows(129).one_turn());
}

TEST_CASE("the grid follows the ratings, and has no empty blocks") {
  CHECK(tile_grid(0, 0, 0) == 1);
  CHECK(tile_grid(63, 597, 43) == 1);
  CHECK(tile_grid(100'000, 943, 1682) == 39);
  CHECK(tile_grid(100'000, 943, 5) == 5);
  CHECK(tile_grid(2'000'000'000, 1'000'000, 1'000'000) == 1024);
}

TEST_CASE("ratings stay on the device if they fit, and are streamed otherwise") {
  const mf_memory needs{.parameters = 1000, .ratings = 500, .largest_stratum = 50};
  CHECK(needs.least() == 1100);
  CHECK(needs.resident(1500));
  CHECK_FALSE(needs.resident(1499));
  const mf_memory few{.parameters = 1000, .ratings = 90, .largest_stratum = 50};
  CHECK(few.least() == 1090);
  CHECK(few.resident(0));  // buffers would be larger
}

TEST_CASE("a stratum lies in one piece") {
  const auto ratings = kindred::test::random_dataset(4000, 597, 43, 1);
  for (const std::size_t blocks : {1U, 2U, 7U, 43U}) {
    const rating_tiles tiles(backend::serial{}, ratings, blocks, 42);
    REQUIRE(tiles.offsets().size() == blocks * blocks + 1);
    CHECK(tiles.offsets().back() == tiles.ratings().size());
    std::size_t most = 0;
    for (std::size_t s = 0; s < blocks; ++s) {
      std::size_t stratum = 0;
      for (std::size_t b = 0; b < blocks; ++b) {
        const auto tile = tiles.tile(b, (b + s) % blocks);
        CHECK(tile.ratings == tiles.ratings().data() + tiles.offsets()[s * blocks + b]);
        stratum += tile.count;
      }
      most = std::max(most, stratum);
    }
    CHECK(largest_stratum(tiles.offsets(), blocks) == most);
  }
}

TEST_CASE("a search covers all queries and items, and is cut finer for few queries") {
  CHECK(grid_of_search(0, 1000, 100) == top_k_grid{});
  CHECK(grid_of_search(10, 0, 100) == top_k_grid{});
  for (const std::size_t queries : {1U, 31U, 597U, 100'000U})
    for (const std::size_t items : {1U, 64U, 65U, 5000U, 1'000'000U})
      for (const std::size_t processors : {1U, 40U, 132U}) {
        const top_k_grid grid = grid_of_search(queries, items, processors);
        CHECK(grid.groups * queries_per_group >= queries);
        CHECK((grid.groups - 1) * queries_per_group < queries);
        CHECK(grid.items_per_run % items_per_step == 0);
        CHECK(grid.runs * grid.items_per_run >= items);
        CHECK((grid.runs - 1) * grid.items_per_run < items);
      }
  CHECK(grid_of_search(100'000, 1'000'000, 132).runs == 1);
  CHECK(grid_of_search(1, 1'000'000, 132).runs > 100);
}

}  // namespace kindred::cuda_plan_test
