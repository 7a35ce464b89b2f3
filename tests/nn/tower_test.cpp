#include <kindred/nn/branches.hpp>
#include <kindred/nn/dense.hpp>
#include <kindred/nn/dropout.hpp>
#include <kindred/nn/interaction.hpp>
#include <kindred/nn/tower.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gradient_check.hpp"

namespace kindred::tower_test {
namespace {

using nn::normalization;

TEST_CASE("gradients of towers are those of central differences") {
  for (const normalization normalize :
       {normalization::none, normalization::batch, normalization::layer})
    for (const float dropout : {0.0F, 0.3F}) {
      nn::parameter_layout layout;
      const auto tower = nn::make_tower(layout, 6,
                                        {.hidden = {20, 5},
                                         .function = nn::activation::tanh,
                                         .normalize = normalize,
                                         .dropout = dropout},
                                        2);
      CHECK(tower->outputs() == 2);
      test::gradient_check(*tower, layout, 11).run(1e-2, 2e-2);
    }
}

TEST_CASE("the parameters of a tower are named by their layers") {
  nn::parameter_layout layout;
  (void)nn::make_tower(layout, 6, {.hidden = {8}}, 1);
  std::vector<std::string> names;
  for (const auto& block : layout.blocks()) names.push_back(block.name);
  CHECK(names == std::vector<std::string>{"0.weights", "0.bias", "output.weights", "output.bias"});
}

TEST_CASE("options of towers are checked") {
  nn::parameter_layout layout;
  CHECK_THROWS_AS((void)nn::make_tower(layout, 6, {.hidden = {0}}), option_error);
  CHECK_THROWS_AS((void)nn::make_tower(layout, 6, {.dropout = 1}), option_error);
  CHECK_THROWS_AS((void)nn::make_tower(layout, 6, {.hidden = {}}), option_error);
}

TEST_CASE("dropout keeps the mean, drops its share, and tells samples apart") {
  const nn::dropout layer(64, 0.25F, 0);
  test::owned_matrix in(200, 64);
  for (std::size_t r = 0; r < 200; ++r)
    for (float& x : in.view().row(r)) x = 3;
  test::owned_matrix out(200, 64);
  layer.forward({.training = true, .seed = 1}, in.view(), out.view(), nullptr);
  std::size_t dropped = 0;
  std::size_t as_before = 0;
  for (std::size_t r = 0; r < 200; ++r)
    for (std::size_t c = 0; c < 64; ++c) {
      CHECK((out(r, c) == 0 || out(r, c) == 4));
      dropped += out(r, c) == 0 ? 1U : 0U;
      as_before += r > 0 && out(r, c) == out(r - 1, c) ? 1U : 0U;
    }
  CHECK(static_cast<double>(dropped) / 12800 == doctest::Approx(0.25).epsilon(0.05));
  CHECK(static_cast<double>(as_before) / 12736 == doctest::Approx(0.625).epsilon(0.05));

  test::owned_matrix half(100, 64);
  const auto rows = in.view();
  layer.forward({.training = true, .seed = 1, .first_sample = 100},
                {rows.data + 100 * rows.stride, 100, 64, rows.stride}, half.view(), nullptr);
  for (std::size_t r = 0; r < 100; ++r)
    for (std::size_t c = 0; c < 64; ++c) REQUIRE(half(r, c) == out(100 + r, c));

  layer.forward({}, in.view(), out.view(), nullptr);
  CHECK(out(7, 7) == 3);
  CHECK_THROWS_AS(nn::dropout(4, 1, 0), option_error);
}

TEST_CASE("gradients of branches are those of central differences") {
  for (const auto& [join, outputs] :
       {std::pair<nn::joining, std::size_t>{nn::joining::concatenate, 3},
        {nn::joining::align, 48},
        {nn::joining::add, 1}}) {
    nn::parameter_layout layout;
    std::vector<nn::branch> parts;
    parts.push_back({0, std::make_unique<nn::dense>(layout, 20, nn::dense_options{.outputs = 1})});
    parts.push_back({0, std::make_unique<nn::pairwise_products>(3, 6)});
    parts.push_back({16, std::make_unique<nn::dense>(layout, 16, nn::dense_options{.outputs = 1})});
    const nn::branches layer(32, std::move(parts), join);
    CHECK(layer.outputs() == outputs);
    test::gradient_check(layer, layout).run();
  }
}

TEST_CASE("branches that do not fit are refused") {
  const auto with = [](std::size_t first, std::size_t outputs, nn::joining join) {
    nn::parameter_layout layout;
    std::vector<nn::branch> parts;
    parts.push_back({0, std::make_unique<nn::dense>(layout, 4, nn::dense_options{.outputs = 1})});
    parts.push_back(
        {first, std::make_unique<nn::dense>(layout, 4, nn::dense_options{.outputs = outputs})});
    return nn::branches(20, std::move(parts), join).outputs();
  };
  CHECK(with(16, 2, nn::joining::concatenate) == 3);
  CHECK_THROWS_AS(with(16, 2, nn::joining::add), option_error);
  CHECK_THROWS_AS(with(4, 1, nn::joining::add), option_error);
  CHECK_THROWS_AS(with(32, 1, nn::joining::add), option_error);
  CHECK_THROWS_AS(nn::branches(20, {}, nn::joining::add), option_error);
}

}  // namespace
}  // namespace kindred::tower_test
