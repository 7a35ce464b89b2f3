#include <kindred/nn/dense.hpp>
#include <kindred/nn/sequential.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "gradient_check.hpp"

namespace kindred::dense_test {
namespace {

constexpr nn::activation all_functions[] = {nn::activation::linear,     nn::activation::relu,
                                            nn::activation::leaky_relu, nn::activation::sigmoid,
                                            nn::activation::tanh,       nn::activation::gelu};

TEST_CASE("a dense layer is x W + b") {
  nn::parameter_layout layout;
  const nn::dense layer(layout, 2, {.outputs = 3});
  aligned_vector<float> arena(layout.size(), 0.0F);
  const nn::matrix weights = layout.blocks()[0].in(arena.data());
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t c = 0; c < 3; ++c) weights.row(r)[c] = static_cast<float>(1 + 3 * r + c);
  layout.blocks()[1].in(arena.data()).row(0)[2] = 100;
  test::owned_matrix in(1, 2);
  in(0, 0) = 10;
  in(0, 1) = -1;
  test::owned_matrix out(1, 3);
  layer.forward({.parameters = arena.data()}, in.view(), out.view(), nullptr);
  CHECK(out(0, 0) == 10 - 4);
  CHECK(out(0, 1) == 20 - 5);
  CHECK(out(0, 2) == 30 - 6 + 100);
  CHECK(out.padding_is_zero());
}

TEST_CASE("gradients of dense layers are those of central differences") {
  for (const nn::activation function : all_functions) {
    CAPTURE(static_cast<int>(function));
    nn::parameter_layout layout;
    const nn::dense layer(layout, 5, {.outputs = 19, .function = function});
    test::gradient_check check(layer, layout);
    // Away from the kinks of rectifiers.
    check.run(1e-3, 5e-3);
  }
}

TEST_CASE("gradients pass through layers in sequence") {
  nn::parameter_layout layout;
  std::vector<nn::layer_ptr> layers;
  layers.push_back(std::make_unique<nn::dense>(
      layout, 4, nn::dense_options{.outputs = 20, .function = nn::activation::gelu}));
  layers.push_back(std::make_unique<nn::dense>(
      layout, 20, nn::dense_options{.outputs = 3, .function = nn::activation::tanh}));
  layers.push_back(std::make_unique<nn::dense>(layout, 3, nn::dense_options{.outputs = 2}));
  const nn::sequential network(std::move(layers));
  CHECK(network.inputs() == 4);
  CHECK(network.outputs() == 2);
  test::gradient_check(network, layout).run();
}

TEST_CASE("layers that do not fit are refused") {
  nn::parameter_layout layout;
  std::vector<nn::layer_ptr> layers;
  CHECK_THROWS_AS(nn::sequential({}), option_error);
  layers.push_back(std::make_unique<nn::dense>(layout, 4, nn::dense_options{.outputs = 2}));
  layers.push_back(std::make_unique<nn::dense>(layout, 3, nn::dense_options{.outputs = 1}));
  CHECK_THROWS_AS(nn::sequential(std::move(layers)), option_error);
}

}  // namespace
}  // namespace kindred::dense_test
