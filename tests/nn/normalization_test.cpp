#include <kindred/nn/normalization.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>

#include "gradient_check.hpp"

namespace kindred::normalization_test {
namespace {

TEST_CASE("layer normalisation gives each sample mean 0 and variance 1") {
  nn::parameter_layout layout;
  const nn::layer_norm layer(layout, 19);
  const auto arena = layout.initialize(1);
  test::owned_matrix in(3, 19);
  in.draw(4, 5);
  test::owned_matrix out(3, 19);
  aligned_vector<float> state(layer.state_size(3, false));
  layer.forward({.parameters = arena.data()}, in.view(), out.view(), state.data());
  CHECK(out.padding_is_zero());
  for (std::size_t r = 0; r < 3; ++r) {
    double sum = 0;
    double squares = 0;
    for (const float x : out.view().row(r)) {
      sum += static_cast<double>(x);
      squares += static_cast<double>(x) * static_cast<double>(x);
    }
    CHECK(sum / 19 == doctest::Approx(0).epsilon(1e-5));
    CHECK(squares / 19 == doctest::Approx(1).epsilon(1e-4));
  }
}

TEST_CASE("batch normalisation uses the batch in training, and averages after it") {
  nn::parameter_layout layout;
  const nn::batch_norm layer(layout, 3);
  auto arena = layout.initialize(1);
  aligned_vector<float> gradients(layout.size(), 0.0F);
  test::owned_matrix in(4, 3);
  for (std::size_t r = 0; r < 4; ++r) {
    in(r, 0) = static_cast<float>(r);  // mean 1.5, variance 1.25
    in(r, 1) = 7;                      // constant
    in(r, 2) = r < 2 ? -2.0F : 2.0F;   // mean 0, variance 4
  }
  test::owned_matrix out(4, 3);
  aligned_vector<float> state(layer.state_size(4, true));
  const nn::pass training{
      .parameters = arena.data(), .gradients = gradients.data(), .training = true, .share = 0.5F};
  layer.forward(training, in.view(), out.view(), state.data());
  CHECK(out(0, 0) == doctest::Approx(-1.5 / std::sqrt(1.25)).epsilon(1e-4));
  CHECK(out(3, 1) == 0);
  CHECK(out(0, 2) == doctest::Approx(-1).epsilon(1e-4));

  test::owned_matrix d_out(4, 3);
  test::owned_matrix d_in(4, 3);
  layer.backward(training, in.view(), out.view(), d_out.view(), d_in.view(), state.data());
  const auto noted = [&](std::size_t block, std::size_t column) {
    REQUIRE(layout.blocks()[block].role == nn::parameter_role::average);
    return layout.blocks()[block].in(gradients.data()).row(0)[column];
  };
  CHECK(noted(2, 0) == doctest::Approx(1.5 / 2));
  CHECK(noted(2, 1) == doctest::Approx(7.0 / 2));
  CHECK(noted(3, 0) == doctest::Approx(1.25 / 2).epsilon(1e-4));
  CHECK(noted(3, 2) == doctest::Approx(4.0 / 2).epsilon(1e-4));

  layout.blocks()[2].in(arena.data()).row(0)[0] = 1;
  layout.blocks()[3].in(arena.data()).row(0)[0] = 9;
  layer.forward({.parameters = arena.data()}, in.view(), out.view(), state.data());
  CHECK(out(3, 0) == doctest::Approx((3 - 1) / 3.0).epsilon(1e-4));
  CHECK(out.padding_is_zero());
}

TEST_CASE("gradients of normalisations are those of central differences") {
  nn::parameter_layout by_sample;
  const nn::layer_norm layer(by_sample, 18);
  test::gradient_check(layer, by_sample).run();
  nn::parameter_layout by_column;
  const nn::batch_norm batch(by_column, 18);
  test::gradient_check(batch, by_column).run();
}

}  // namespace
}  // namespace kindred::normalization_test
