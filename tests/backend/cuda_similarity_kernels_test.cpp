#include "cuda_emulator.hpp"

#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/similarity.cuh>
#include <kindred/backend/knn_kernels.hpp>
#include <kindred/core/error.hpp>
#include <kindred/kernel/neighbor_key.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/similarity.hpp>
#include <kindred/model/user_knn.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <variant>

#include "../data/support.hpp"

template <>
class kindred::knn_kernels<kindred::test::emulated> {
 public:
  knn_kernels(const test::emulated& /*backend*/, const similarity_problem& problem)
      : problem_(problem) {}

  [[nodiscard]] std::size_t keys_per_row() const { return runs * problem_.most; }

  void find(std::size_t first, std::span<kernel::neighbor_key> keys) const {
    std::ranges::fill(keys, 0U);
    const gpu::similarity_view view{.rows = problem_.rows.data(),
                                    .num_rows = problem_.rows.size(),
                                    .offsets = problem_.offsets.data(),
                                    .columns = problem_.columns.data(),
                                    .values = problem_.values.data(),
                                    .column_offsets = problem_.column_offsets.data(),
                                    .entries = problem_.entries.data(),
                                    .confidence = problem_.confidence,
                                    .most = problem_.most,
                                    .least = problem_.least,
                                    .negative = problem_.negative};
    const auto rows = static_cast<unsigned>(keys.size() / keys_per_row());
    std::visit(
        [&]<class Measure>(const Measure& measure) {
          test::launch({rows, runs}, gpu::warp_size, &gpu::compare_rows<Measure>, view, measure,
                       first, keys.data());
        },
        problem_.measure);
  }

 private:
  static constexpr unsigned runs = 2;

  similarity_problem problem_;
};

namespace kindred::cuda_similarity_kernels_test {

using test::emulated;

static_assert(trainable_knn<emulated>);

namespace {

template <class Model>
void check_as_on_the_processor(const knn_options& options, const dataset& train) {
  CAPTURE(static_cast<int>(options.similarity.measure));
  Model here(options);
  Model there(options);
  here.fit(train);
  there.fit(train, {}, emulated{});
  CHECK(std::ranges::equal(here.neighbors().offsets(), there.neighbors().offsets()));
  CHECK(std::ranges::equal(here.neighbors().rows(), there.neighbors().rows()));
  CHECK(std::ranges::equal(here.neighbors().similarities(), there.neighbors().similarities()));
}

}  // namespace

TEST_CASE("a key is as near as its neighbour, and says which it is") {
  using kernel::to_neighbor_key;
  CHECK(to_neighbor_key(0.5F, 3) > to_neighbor_key(-0.4F, 0));
  CHECK(to_neighbor_key(-0.5F, 3) > to_neighbor_key(0.4F, 0));
  CHECK(to_neighbor_key(0.5F, 3) > to_neighbor_key(-0.5F, 4));
  CHECK(to_neighbor_key(1e-38F, 2147483647) > 0);
  CHECK(kernel::row_of(to_neighbor_key(-0.5F, 7)) == 7);
  CHECK(kernel::similarity_of(to_neighbor_key(-0.5F, 7)) == -0.5F);
}

TEST_CASE("neighbours on the device are those of the processor, by every measure") {
  const dataset train = test::random_dataset(100, 20, 12, 1);
  for (int measure = 0; measure <= static_cast<int>(similarity::log_likelihood); ++measure)
    check_as_on_the_processor<item_knn>({.similarity = {.measure = static_cast<similarity>(measure),
                                                        .shrinkage = measure % 2 * 5.0,
                                                        .negative = measure % 3 == 0,
                                                        .alpha = 0.7},
                                         .predictor = knn_predictor::plain,
                                         .neighbors = 5},
                                        train);
}

TEST_CASE("so they are over common ratings, in several windows, and among users") {
  const similarity_options alike{
      .measure = similarity::pearson, .norms = similarity_norms::common, .min_support = 2};
  check_as_on_the_processor<user_knn>({.similarity = alike, .neighbors = 3},
                                      test::random_dataset(500, 165, 6, 1));
  check_as_on_the_processor<item_knn>(
      {.similarity = {.norms = similarity_norms::common}, .neighbors = 40},
      test::random_dataset(100, 20, 12, 2));
}

TEST_CASE("a device keeps some neighbours of each row, and says so") {
  item_knn model{{.neighbors = 0}};
  CHECK_THROWS_AS(model.fit(test::random_dataset(50, 9, 7, 1), {}, emulated{}), option_error);
  CHECK_FALSE(model.fitted());
}

}  // namespace kindred::cuda_similarity_kernels_test
