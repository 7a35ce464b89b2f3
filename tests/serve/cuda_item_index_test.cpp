#include <kindred/core/random.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/cuda_item_index.hpp>
#include <kindred/serve/item_index.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../backend/no_device.hpp"

namespace kindred::cuda_item_index_test {

namespace {

/// Numbers with many ties, of which every sum is exact.
std::vector<float> thirds(std::size_t count, std::uint64_t seed) {
  const counter_rng random(seed);
  std::vector<float> numbers(count);
  for (std::size_t n = 0; n < count; ++n) numbers[n] = static_cast<float>(random.below(n, 3)) - 1;
  return numbers;
}

void check_same(const scored_lists& found, const scored_lists& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t row = 0; row < found.size(); ++row)
    CHECK(std::ranges::equal(found[row], expected[row]));
}

}  // namespace

TEST_CASE("what cannot be items or queries is refused") {
  const std::vector<float> rows(6);
  CHECK_THROWS_AS(cuda_item_index(rows, 0), option_error);
  CHECK_THROWS_AS(cuda_item_index(rows, 4), data_error);
  CHECK_THROWS_AS(cuda_item_index(rows, 3, rows), data_error);
}

TEST_CASE("without a device there is no index") {
  if (backend::cuda::available()) return;
  CHECK_THROWS_AS(cuda_item_index(std::vector<float>(6), 3), cuda_error);
}

TEST_CASE("the best items are those that the processor finds, ties included") {
  if (test::no_device()) return;
  struct size {
    std::size_t queries, items, factors, k;
  };
  for (const size& of :
       {size{1, 1, 1, 1}, size{3, 100, 8, 10}, size{70, 3000, 33, 50}, size{65, 130, 64, 130},
        size{2, 5000, 31, 200}, size{5, 64, 100, 33}, size{597, 43, 16, 32}}) {
    CAPTURE(of.items);
    CAPTURE(of.factors);
    const auto rows = thirds(of.items * of.factors, 1);
    const auto wanted = thirds(of.queries * of.factors, 2);
    const auto biases = thirds(of.items, 3);
    check_same(cuda_item_index(rows, of.factors, biases).search_all(wanted, of.k),
               item_index(rows, of.factors, biases).search_all(wanted, of.k));
  }
}

TEST_CASE("what a user has rated is not recommended") {
  if (test::no_device()) return;
  const dataset train =
      synthetic_ratings({.num_users = 300, .num_items = 500, .num_ratings = 5000});
  matrix_factorization<> model{{.factors = 20, .epochs = 3}};
  model.fit(train);
  const scored_lists lists = cuda_item_index{model}.recommend_all(model, train, 500);
  REQUIRE(lists.size() == 300);
  for (index u = 0; u < train.num_users(); ++u) {
    const auto list = lists[static_cast<std::size_t>(u)];
    CHECK(list.size() == 500 - train.by_user(u).size());
    CHECK(std::is_sorted(list.begin(), list.end(), ranks_before));
    for (const auto& [item, value] : train.by_user(u))
      CHECK(std::ranges::count(list, item, &scored_item::item) == 0);
  }
}

}  // namespace kindred::cuda_item_index_test
