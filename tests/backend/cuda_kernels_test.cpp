#include "cuda_emulator.hpp"

#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/ranked_key.hpp>
#include <kindred/backend/cuda/sgd.cuh>
#include <kindred/backend/cuda/top_k.cuh>
#include <kindred/backend/rating_tiles.hpp>
#include <kindred/backend/serial.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/sgd.hpp>
#include <kindred/kernel/top_k.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../data/support.hpp"

namespace kindred::cuda_kernels_test {

using kernel::sgd_row;

namespace {

struct parameters {
  parameters(std::size_t users, std::size_t items, std::size_t row_stride)
      : stride(row_stride),
        p(users * stride),
        q(items * stride),
        user_rows(users),
        item_rows(items) {
    const counter_rng random(7);
    for (std::size_t n = 0; n < p.size(); ++n) p[n] = static_cast<float>(random.uniform(n) - 0.4);
    for (std::size_t n = 0; n < q.size(); ++n)
      q[n] = static_cast<float>(random.uniform(n + 1'000'000) - 0.4);
  }

  std::size_t stride;
  aligned_vector<float> p;
  aligned_vector<float> q;
  aligned_vector<sgd_row<float>> user_rows;
  aligned_vector<sgd_row<float>> item_rows;
};

constexpr kernel::sgd_step<float> step{.mean = 3,
                                       .learning_rate = 0.05F,
                                       .bias_learning_rate = 0.05F,
                                       .regularization = 0.1F,
                                       .bias_regularization = 0.02F,
                                       .per_factor = 1.0F / 64,
                                       .adagrad = true};

/// An epoch of the processor, each tile in its order.
double epoch_here(parameters& m, const rating_tiles& tiles, const std::vector<float>& weights) {
  const auto pass = kernel::select_sgd_kernel<float>(m.stride);
  double squared_error = 0;
  for (std::size_t n = 0; n < weights.size(); ++n)
    squared_error +=
        pass({&tiles.ratings()[n], &weights[n], 1},
             {m.p.data(), m.q.data(), m.user_rows.data(), m.item_rows.data(), m.stride}, step);
  return squared_error;
}

/// Numbers of which every sum is exact, with many ties.
std::vector<float> thirds(std::size_t count, std::uint64_t seed) {
  const counter_rng random(seed);
  std::vector<float> numbers(count);
  for (std::size_t n = 0; n < count; ++n) numbers[n] = static_cast<float>(random.below(n, 3)) - 1;
  return numbers;
}

}  // namespace

TEST_CASE("an epoch of the device is one of the processor") {
  constexpr std::size_t blocks = 3;
  const dataset ratings = kindred::test::random_dataset(60, 17, 9, 1);
  const rating_tiles tiles(backend::serial{}, ratings, blocks, 42);
  const gpu::row_shape shape = gpu::shape_of_rows(64);
  parameters here(17, 9, shape.stride);
  parameters there = here;
  const gpu::factor_view<float, float> view{there.p.data(), there.q.data(), there.user_rows.data(),
                                            there.item_rows.data(), shape.stride};
  std::vector<float> weights(tiles.ratings().size());
  for (std::size_t n = 0; n < weights.size(); ++n) weights[n] = n % 3 == 0 ? 0.5F : 1.5F;
  std::vector<double> errors(blocks);
  for (std::size_t s = 0; s < blocks; ++s) {
    const std::size_t* const offsets = tiles.offsets().data() + s * blocks;
    const gpu::tile_batch batch{tiles.ratings().data() + *offsets, weights.data() + *offsets,
                                offsets, *offsets};
    kindred::test::launch({blocks, 1}, 32, gpu::select_sgd_tiles<float, float>(shape), view, batch,
                          step, errors.data());
  }
  CHECK(errors[0] + errors[1] + errors[2] ==
        doctest::Approx(epoch_here(here, tiles, weights)).epsilon(1e-5));
  const auto close = [](float x, float y) { return std::abs(x - y) < 1e-5F; };
  CHECK(std::equal(here.p.begin(), here.p.end(), there.p.begin(), close));
  CHECK(std::equal(here.q.begin(), here.q.end(), there.q.begin(), close));
  for (std::size_t u = 0; u < 17; ++u)
    CHECK(close(here.user_rows[u].bias, there.user_rows[u].bias));

  std::vector<double> more(2);
  const kernel::tile_rating asked[] = {{0, 0, 3}, {-1, 1, 4}, {2, -1, 5}, {-1, -1, 2}};
  kindred::test::launch({2, 1}, 32, &gpu::squared_errors<float, float>, view, asked, std::size_t{4},
                        3.0F, 1.0, 5.0, more.data());
  const auto held = [](double x) { return std::clamp(x, 1.0, 5.0); };
  CHECK(more[1] == doctest::Approx(std::pow(5 - held(3.0 + there.user_rows[2].bias), 2) + 1));
}

TEST_CASE("a search on the device finds the best of each run of items") {
  constexpr std::size_t queries = 3;
  constexpr std::size_t items = 150;
  constexpr std::size_t factors = 40;
  constexpr std::size_t k = 7;
  constexpr std::size_t per_run = 2 * gpu::items_per_step;
  const auto rows = thirds(items * factors, 1);
  const auto wanted = thirds(queries * factors, 2);
  const auto biases = thirds(items, 3);
  const std::vector<index> offsets{0, 2, 2, 4};
  const std::vector<index> excluded{0, 5, 3, 149};
  std::vector<gpu::ranked_key> lists(queries * 2 * k);
  const gpu::search_view view{wanted.data(), queries, rows.data(),    biases.data(),
                              items,         factors, offsets.data(), excluded.data()};
  kindred::test::launch({1, 2}, gpu::search_block::threads, &gpu::search_items, view, k, per_run,
                        lists.data());
  for (std::size_t q = 0; q < queries; ++q)
    for (std::size_t run = 0; run < 2; ++run) {
      std::vector<scored_item> best(k);
      top_k_selector selector(best);
      for (std::size_t i = run * per_run; i < std::min(items, (run + 1) * per_run); ++i) {
        float score = biases[i];
        for (std::size_t f = 0; f < factors; ++f)
          score += rows[i * factors + f] * wanted[q * factors + f];
        if (std::count(excluded.begin() + offsets[q], excluded.begin() + offsets[q + 1],
                       static_cast<index>(i)) == 0)
          selector.push({static_cast<index>(i), score});
      }
      const auto expected = selector.finish();
      REQUIRE(expected.size() == k);
      for (std::size_t n = 0; n < k; ++n)
        CHECK(gpu::from_key(lists[(q * 2 + run) * k + n]) == expected[n]);
    }
}

}  // namespace kindred::cuda_kernels_test
