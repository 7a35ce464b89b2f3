#include <kindred/nn/cross.hpp>
#include <kindred/nn/interaction.hpp>

#include <doctest/doctest.h>

#include "gradient_check.hpp"

namespace kindred::interaction_test {
namespace {

TEST_CASE("pairs of fields are multiplied and added up") {
  const nn::pairwise_products layer(3, 2);
  test::owned_matrix in(1, 6);
  for (std::size_t c = 0; c < 6; ++c) in(0, c) = static_cast<float>(c + 1);
  test::owned_matrix out(1, 1);
  aligned_vector<float> state(layer.state_size(1, false));
  layer.forward({}, in.view(), out.view(), state.data());
  CHECK(out(0, 0) == (1 * 3 + 2 * 4) + (1 * 5 + 2 * 6) + (3 * 5 + 4 * 6));
}

TEST_CASE("halves are multiplied by element") {
  const nn::halves_product layer(2);
  test::owned_matrix in(1, 4);
  for (std::size_t c = 0; c < 4; ++c) in(0, c) = static_cast<float>(c + 1);
  test::owned_matrix out(1, 2);
  layer.forward({}, in.view(), out.view(), nullptr);
  CHECK(out(0, 0) == 1 * 3);
  CHECK(out(0, 1) == 2 * 4);
}

TEST_CASE("halves have an inner product") {
  const nn::inner_product layer(2);
  test::owned_matrix in(1, 4);
  for (std::size_t c = 0; c < 4; ++c) in(0, c) = static_cast<float>(c + 1);
  test::owned_matrix out(1, 1);
  layer.forward({}, in.view(), out.view(), nullptr);
  CHECK(out(0, 0) == 1 * 3 + 2 * 4);
}

TEST_CASE("a cross layer is x0 * (W x0 + b) + x0") {
  nn::parameter_layout layout;
  const nn::cross layer(layout, 2, 1);
  aligned_vector<float> arena(layout.size(), 0.0F);
  const nn::matrix weights = layout.blocks()[0].in(arena.data());
  weights.row(0)[0] = 2;   // the first output sees the first column twice
  weights.row(0)[1] = -1;  // and the second its opposite
  layout.blocks()[1].in(arena.data()).row(0)[1] = 10;
  test::owned_matrix in(1, 2);
  in(0, 0) = 3;
  in(0, 1) = 5;
  test::owned_matrix out(1, 2);
  aligned_vector<float> state(layer.state_size(1, false));
  layer.forward({.parameters = arena.data()}, in.view(), out.view(), state.data());
  CHECK(out(0, 0) == 3 * (2 * 3) + 3);
  CHECK(out(0, 1) == 5 * (-3 + 10) + 5);
}

TEST_CASE("gradients of interactions are those of central differences") {
  nn::parameter_layout none;
  test::gradient_check(nn::pairwise_products(4, 5), none).run();
  test::gradient_check(nn::halves_product(17), none).run();
  test::gradient_check(nn::inner_product(17), none).run();
  nn::parameter_layout sum;
  const nn::total total(sum, 18);
  test::gradient_check(total, sum).run();
}

TEST_CASE("gradients of cross layers are those of central differences") {
  for (const std::size_t depth : {1U, 2U, 3U}) {
    nn::parameter_layout layout;
    const nn::cross layer(layout, 6, depth);
    test::gradient_check check(layer, layout);
    check.run(1e-3, 2e-2);
  }
  nn::parameter_layout layout;
  CHECK_THROWS_AS(nn::cross(layout, 6, 0), option_error);
}

}  // namespace
}  // namespace kindred::interaction_test
