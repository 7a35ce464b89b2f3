#include <kindred/backend/cuda.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/similarity.hpp>
#include <kindred/model/user_knn.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "no_device.hpp"

namespace kindred::cuda_knn_test {

namespace {

dataset ratings() {
  return synthetic_ratings({.num_users = 700, .num_items = 3000, .num_ratings = 40'000});
}

template <class Model>
neighbor_lists neighbors_on(const knn_options& options, const dataset& train, const auto& where) {
  Model model(options);
  model.fit(train, {}, where);
  return model.neighbors();
}

/// A device may round products otherwise, so that the last of a list may be another: its similarity
/// is not.
void check_same(const neighbor_lists& found, const neighbor_lists& expected) {
  REQUIRE(found.size() == expected.size());
  std::size_t others = 0;
  for (std::size_t row = 0; row < found.size(); ++row) {
    REQUIRE(found[row].size() == expected[row].size());
    if (!std::ranges::equal(found[row].rows, expected[row].rows)) ++others;
    float nearest = 0;
    float wanted = 0;
    for (std::size_t n = 0; n < found[row].size(); ++n) {
      nearest = std::max(nearest, std::abs(found[row].similarities[n]));
      wanted = std::max(wanted, std::abs(expected[row].similarities[n]));
    }
    CHECK(nearest == doctest::Approx(wanted).epsilon(1e-5));
  }
  CHECK(others <= found.size() / 50);
}

}  // namespace

TEST_CASE("without a device item_knn says so, and leaves the model as it was") {
  test::check_fit_without_device<item_knn>(ratings());
}

TEST_CASE("neighbours found on a GPU are those of the processor") {
  if (test::no_device()) return;
  const dataset train = ratings();
  for (int measure = 0; measure <= static_cast<int>(similarity::log_likelihood); ++measure)
    for (const auto norms : {similarity_norms::all, similarity_norms::common}) {
      CAPTURE(measure);
      const knn_options options{
          .similarity = {.measure = static_cast<similarity>(measure), .norms = norms},
          .neighbors = 100};
      check_same(neighbors_on<item_knn>(options, train, backend::cuda{}),
                 neighbors_on<item_knn>(options, train, backend::tbb{}));
    }
  check_same(neighbors_on<user_knn>({}, train, backend::cuda{}),
             neighbors_on<user_knn>({}, train, backend::tbb{}));
}

TEST_CASE("a search for neighbours has the same bits again") {
  if (test::no_device()) return;
  const dataset train = ratings();
  const auto first = neighbors_on<item_knn>({}, train, backend::cuda{});
  const auto again = neighbors_on<item_knn>({}, train, backend::cuda{});
  CHECK(std::ranges::equal(first.rows(), again.rows()));
  CHECK(std::ranges::equal(first.similarities(), again.similarities()));
}

}  // namespace kindred::cuda_knn_test
