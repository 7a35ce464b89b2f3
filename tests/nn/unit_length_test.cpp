#include <kindred/nn/unit_length.hpp>

#include <doctest/doctest.h>

#include <cstddef>

#include "gradient_check.hpp"

namespace kindred::unit_length_test {
namespace {

TEST_CASE("samples are brought to length 1, zeros stay") {
  const nn::unit_length layer(2);
  test::owned_matrix in(2, 2);
  in(0, 0) = 3;
  in(0, 1) = -4;
  test::owned_matrix out(2, 2);
  aligned_vector<float> state(layer.state_size(2, false));
  layer.forward({}, in.view(), out.view(), state.data());
  CHECK(out(0, 0) == doctest::Approx(0.6));
  CHECK(out(0, 1) == doctest::Approx(-0.8));
  CHECK(out(1, 0) == 0);
  CHECK(out(1, 1) == 0);
}

TEST_CASE("gradients of unit length are those of central differences") {
  const nn::parameter_layout none;
  for (const std::size_t columns : {1U, 5U, 16U, 33U})
    test::gradient_check(nn::unit_length(columns), none).run(1e-2, 2e-2);
}

}  // namespace
}  // namespace kindred::unit_length_test
