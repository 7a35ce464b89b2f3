#include <kindred/backend/cuda/als_plan.hpp>
#include <kindred/core/types.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

namespace kindred::cuda_als_plan_test {

using namespace kindred::gpu;

using places = std::vector<std::size_t>;

TEST_CASE("rows of 64 factors and a bias are not half zeros") {
  CHECK(shape_of_als_rows(64) == row_shape{2, 64});
  CHECK(shape_of_als_rows(65) == row_shape{1, 96});
  CHECK(shape_of_als_rows(96) == row_shape{1, 96});
  CHECK(shape_of_als_rows(97) == row_shape{4, 128});
  CHECK(shape_of_als_rows(4097).stride == 4224);
}

TEST_CASE("a matrix has room for its right side") {
  CHECK(row_of_matrix(1) == 32);
  CHECK(row_of_matrix(31) == 32);
  CHECK(row_of_matrix(32) == 64);
  CHECK(matrices_at_once(64, 100) == 1600);
  CHECK(matrices_at_once(1024, 100) == 62);
  CHECK(matrices_at_once(4097, 100) == 3);
  CHECK(matrices_at_once(20000, 100) == 1);
}

TEST_CASE("parts of a Gramian take little memory, and are not too many") {
  CHECK(rows_per_gramian(1, 32) == 2048);
  CHECK(rows_per_gramian(1'000'000, 64) == 2048);
  CHECK(rows_per_gramian(100'000'000, 64) == 24415);
  CHECK(rows_per_gramian(1'000'000, 4224) == 1'000'000);
}

TEST_CASE("runs of rows hold as many entries as there is room for") {
  const std::vector<index> offsets{0, 3, 3, 5, 12, 13, 14};
  CHECK(longest_row(offsets) == 7);
  CHECK(runs_of_rows(offsets, 14) == places{0, 6});
  CHECK(runs_of_rows(offsets, 7) == places{0, 3, 4, 6});
  CHECK(runs_of_rows(offsets, 5) == places{0, 3, 4, 6});
  CHECK(runs_of_rows(offsets, 1) == places{0, 1, 2, 3, 4, 5, 6});
  CHECK(runs_of_rows(std::vector<index>{0}, 5) == places{0});
}

TEST_CASE("the long rows of a run come first") {
  const std::vector<index> offsets{0, 3, 3, 5, 12, 13, 14};
  CHECK(order_of_rows(offsets, places{0, 6}) == std::vector<index>{3, 0, 2, 4, 5, 1});
  CHECK(order_of_rows(offsets, places{0, 3, 6}) == std::vector<index>{0, 2, 1, 3, 4, 5});
}

TEST_CASE("entries stay on the device if they fit, and are streamed otherwise") {
  const als_memory needs{.fixed = 1000, .entries = 800, .of_entry = 4, .longest_row = 20};
  CHECK(needs.least() == 1160);
  CHECK(needs.streamed(1800) == 0);
  CHECK(needs.streamed(1799) == 99);
  CHECK(needs.streamed(1160) == 20);
  const als_memory few{.fixed = 1000, .entries = 120, .of_entry = 4, .longest_row = 20};
  CHECK(few.least() == 1120);
  CHECK(few.streamed(0) == 0);  // buffers would be larger
}

}  // namespace kindred::cuda_als_plan_test
