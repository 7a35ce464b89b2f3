#include "cuda_emulator.hpp"

#include <kindred/backend/als_kernels.hpp>
#include <kindred/backend/cuda/als_cholesky.cuh>
#include <kindred/backend/cuda/als_descent.cuh>
#include <kindred/backend/cuda/als_plan.hpp>
#include <kindred/backend/cuda/als_view.cuh>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/build.hpp>
#include <kindred/model/als.hpp>
#include <kindred/model/implicit_als.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "../data/support.hpp"

template <>
class kindred::als_kernels<kindred::test::emulated> {
 public:
  als_kernels(const test::emulated& /*backend*/, const als_problem& problem)
      : problem_(problem), stride_(gpu::shape_of_als_rows(problem.width()).stride) {
    for (const als_axis axis : {als_axis::users, als_axis::items})
      rows(axis).resize((entries(axis).offsets.size() - 1) * stride_, 0.0F);
  }

  void solve(als_axis axis) {
    const auto& own = entries(axis);
    const std::size_t count = own.offsets.size() - 1;
    const std::vector<std::size_t> all{0, count};
    const std::vector<index> order = gpu::order_of_rows(own.offsets, all);
    if (problem_.steps > 0) {
      test::launch({static_cast<unsigned>(count), 1}, gpu::als_descent<1, 1>::threads,
                   gpu::select_descend_rows(stride_), view(axis), order.data(), problem_.steps);
    } else {
      std::vector<float> matrices(2 * problem_.width() * gpu::row_of_matrix(problem_.width()));
      test::launch({2, 1}, gpu::als_cholesky::threads, &gpu::solve_rows, view(axis), order.data(),
                   count, matrices.data());
    }
    make_gramian(axis);
  }

  double error() {
    std::vector<double> errors(problem_.users.offsets.size() - 1);
    test::launch({static_cast<unsigned>(errors.size()), 1}, gpu::warp_size, &gpu::add_als_errors,
                 view(als_axis::users), std::size_t{0}, errors.data());
    return std::accumulate(errors.begin(), errors.end(), 0.0);
  }

  void write(als_axis axis, std::span<const float> from, std::size_t stride) {
    copy(from.data(), stride, rows(axis).data(), stride_, rows(axis).size() / stride_);
    make_gramian(axis);
  }
  void read(als_axis axis, std::span<float> to, std::size_t stride) const {
    const auto& from = axis == als_axis::users ? users_ : items_;
    copy(from.data(), stride_, to.data(), stride, from.size() / stride_);
  }
  void read_gramian(als_axis axis, std::span<float> to, std::size_t stride) const {
    const auto& from = axis == als_axis::users ? user_gramian_ : item_gramian_;
    copy(from.data(), stride_, to.data(), stride, problem_.width());
  }

 private:
  const als_entries& entries(als_axis axis) const {
    return axis == als_axis::users ? problem_.users : problem_.items;
  }
  aligned_vector<float>& rows(als_axis axis) { return axis == als_axis::users ? users_ : items_; }
  aligned_vector<float>& gramian(als_axis axis) {
    return axis == als_axis::users ? user_gramian_ : item_gramian_;
  }

  void copy(const float* from, std::size_t from_stride, float* to, std::size_t to_stride,
            std::size_t count) const {
    for (std::size_t r = 0; r < count; ++r)
      std::copy_n(from + r * from_stride, problem_.width(), to + r * to_stride);
  }

  void make_gramian(als_axis axis) {
    if (!problem_.terms.all_pairs) return;
    const std::size_t count = rows(axis).size() / stride_;
    const std::size_t tiles = stride_ / gpu::normal_tile::side;
    constexpr unsigned runs = 2;
    std::vector<float> parts(runs * stride_ * stride_);
    test::launch({static_cast<unsigned>(tiles * tiles), runs}, gpu::normal_tile::threads,
                 &gpu::add_gramian_parts, gpu::plain_rows{rows(axis).data(), stride_}, count,
                 count / runs + 1, parts.data());
    gramian(axis).resize(stride_ * stride_);
    test::launch({static_cast<unsigned>(stride_), 1}, gpu::normal_tile::threads,
                 &gpu::add_up_gramian, parts.data(), std::size_t{runs}, stride_,
                 gramian(axis).data());
  }

  gpu::als_view view(als_axis axis) {
    const als_entries& own = entries(axis);
    const als_axis other = axis == als_axis::users ? als_axis::items : als_axis::users;
    const auto data = [](std::span<const float> numbers) {
      return numbers.empty() ? nullptr : numbers.data();
    };
    return {.offsets = own.offsets.data(),
            .others = own.others.data(),
            .values = data(own.values),
            .weights = data(own.weights),
            .origin = 0,
            .penalties = own.penalties.data(),
            .rows = rows(axis).data(),
            .fixed = rows(other).data(),
            .gramian = gramian(other).empty() ? nullptr : gramian(other).data(),
            .stride = stride_,
            .width = problem_.width(),
            .bias = problem_.biases ? problem_.factors : stride_,
            .bias_penalty = problem_.bias_penalty,
            .terms = problem_.terms};
  }

  als_problem problem_;
  std::size_t stride_;
  aligned_vector<float> users_;
  aligned_vector<float> items_;
  aligned_vector<float> user_gramian_;
  aligned_vector<float> item_gramian_;
};

namespace kindred::cuda_als_kernels_test {

using test::emulated;

static_assert(trainable_als<emulated>);

namespace {

/// With a user and an item that have no ratings.
dataset ratings(std::size_t rows, bool weights) {
  auto columns = test::random_columns(rows, 7, 4, 1);
  columns.times.clear();
  if (!weights) columns.weights.clear();
  return make_dataset(test::numbered_ids(8), test::numbered_ids(5), std::move(columns));
}

void check_close(const float* a, const float* b, std::size_t count, float tolerance) {
  float furthest = 0;
  for (std::size_t n = 0; n < count; ++n) furthest = std::max(furthest, std::abs(a[n] - b[n]));
  CHECK(furthest < tolerance);
}

template <class Model>
Model check_as_on_the_processor(const auto& options, const dataset& train, float tolerance) {
  CAPTURE(options.factors);
  CAPTURE(options.solver.index());
  Model here(options);
  Model there(options);
  const fit_history expected = here.fit(train);
  const fit_history history = there.fit(train, {}, emulated{});
  for (std::size_t e = 0; e < history.epochs.size(); ++e)
    CHECK(history.epochs[e].train_loss ==
          doctest::Approx(expected.epochs[e].train_loss).epsilon(1e-4));
  const auto x = here.latent();
  const auto y = there.latent();
  check_close(x.user_factors, y.user_factors, 8 * x.factors, tolerance);
  check_close(x.item_factors, y.item_factors, 5 * x.factors, tolerance);
  if constexpr (requires { here.user_biases(); }) {
    check_close(here.user_biases().data(), there.user_biases().data(), 8, tolerance);
    check_close(here.item_biases().data(), there.item_biases().data(), 5, tolerance);
  }
  return there;
}

}  // namespace

TEST_CASE("als on the device is als on the processor") {
  for (const als_solver& solver : {als_solver(cholesky{}), als_solver(conjugate_gradient{})}) {
    check_as_on_the_processor<als>(
        als_options{.factors = 5, .epochs = 2, .bias_regularization = 0.7, .solver = solver},
        ratings(24, true), 1e-4F);
    check_as_on_the_processor<als>(
        als_options{.factors = 70, .epochs = 1, .biases = false, .solver = solver},
        ratings(12, false), 1e-4F);
  }
}

TEST_CASE("implicit_als on the device is implicit_als on the processor") {
  for (const als_solver& solver : {als_solver(cholesky{}), als_solver(conjugate_gradient{})}) {
    check_as_on_the_processor<implicit_als>(
        implicit_als_options{.factors = 5, .epochs = 2, .regularization = 0.1, .solver = solver},
        ratings(24, false), 1e-3F);
    check_as_on_the_processor<implicit_als>(
        implicit_als_options{.factors = 40,
                             .epochs = 1,
                             .alpha = 0.5,
                             .regularization = 0.1,
                             .values = interaction_value::rating,
                             .solver = solver},
        ratings(12, false), 1e-3F);
  }
}

TEST_CASE("rows of several turns are solved for, too") {
  check_as_on_the_processor<als>(als_options{.factors = 300, .epochs = 1}, ratings(8, false),
                                 1e-4F);
}

TEST_CASE("validation sees what came back from the device") {
  const dataset train = ratings(24, false);
  const als_options options{.factors = 5, .epochs = 1};
  als here(options);
  als there(options);
  const auto expected = here.fit(train, {.validation = train});
  const auto history = there.fit(train, {.validation = train}, emulated{});
  CHECK(history.epochs[0].validation_rmse ==
        doctest::Approx(expected.epochs[0].validation_rmse).epsilon(1e-4));
}

TEST_CASE("a device has no solver by blocks, and says so") {
  als model{{.solver = block_descent{}}};
  CHECK_THROWS_AS(model.fit(ratings(10, false), {}, emulated{}), option_error);
  CHECK_FALSE(model.fitted());
}

}  // namespace kindred::cuda_als_kernels_test
