#include <kindred/core/error.hpp>
#include <kindred/data/encoded_rows.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "feature_support.hpp"

namespace kindred::encoded_rows_test {

using namespace test;

namespace {

/// Two rows, and that of the unknown, of two fields.
encoded_rows rows_of(aligned_vector<std::uint64_t> offsets, index rows = 2) {
  return {rows, 2, std::move(offsets), aligned_vector<index>{0, 3, 4, 1, 0},
          aligned_vector<float>{1, 0.5F, 0.25F, 1, 1}};
}

static_assert(noexcept(std::declval<const encoded_rows&>()[0]) && noexcept(
    std::declval<const encoded_row&>()[0]) && noexcept(std::declval<const encoded_row&>().all()));

}  // namespace

TEST_CASE("encoded_rows: a row has entries by field, and all other indices share one") {
  const encoded_rows rows = rows_of({0, 1, 3, 4, 4, 5, 5});
  CHECK(rows.size() == 2);
  CHECK(rows.fields() == 2);
  CHECK(text_of(rows[0]) == "0:1 | 3:0.5 4:0.25 ");
  CHECK(text_of(rows[1]) == "1:1 | ");
  CHECK(rows[1][1].empty());
  CHECK(rows[0].all().size() == 3);
  CHECK(rows[0].all().slots.data() == rows.slots().data());
  for (const index other : {-1, 2, 3, 2147483647, -2147483647})
    CHECK(text_of(rows[other]) == "0:1 | ");
}

TEST_CASE("encoded_rows: of nothing there is an empty row") {
  CHECK(encoded_rows().size() == 0);
  CHECK(encoded_rows()[7].fields() == 0);
  CHECK(encoded_rows()[-1].all().empty());
  const encoded_rows fieldless(3, 0, aligned_vector<std::uint64_t>{0}, {}, {});
  CHECK(fieldless[2].all().empty());
}

TEST_CASE("encoded_rows: arrays that do not fit are refused") {
  CHECK_THROWS_AS((void)rows_of({}), data_error);
  CHECK_THROWS_AS((void)rows_of({0, 1, 3, 4, 5}), data_error);
  CHECK_THROWS_AS((void)rows_of({0, 1, 3, 4, 4, 5}), data_error);
  CHECK_THROWS_AS((void)rows_of({1, 1, 3, 4, 4, 5, 5}), data_error);
  CHECK_THROWS_AS((void)rows_of({0, 3, 1, 4, 4, 5, 5}), data_error);
  CHECK_THROWS_AS((void)rows_of({0, 1, 3, 4, 4, 5, 6}), data_error);
  CHECK_THROWS_AS((void)rows_of({0, 1, 3, 4, 4, 5, 5}, 1), data_error);
  CHECK_THROWS_AS((void)rows_of({0, 1, 3, 4, 4, 5, 5}, -1), data_error);
  CHECK_THROWS_AS(encoded_rows(2147483647, 0, aligned_vector<std::uint64_t>{0, 0}, {}, {}),
                  data_error);
  CHECK_THROWS_AS(
      encoded_rows(0, 1, aligned_vector<std::uint64_t>{0, 1}, aligned_vector<index>{0}, {}),
      data_error);
}

}  // namespace kindred::encoded_rows_test
