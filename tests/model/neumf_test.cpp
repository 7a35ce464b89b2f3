#include <kindred/core/error.hpp>
#include <kindred/model/neumf.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include "network_support.hpp"
#include "saved_network.hpp"

namespace kindred::neumf_test {

using namespace test;

namespace {

neumf_options small() { return small_options<neumf_options>(known_world().features()); }

}  // namespace

TEST_CASE("neumf keeps to what a network that rates has to") { check_network<neumf>(small()); }

TEST_CASE("neumf predicts by its formula") {
  check_formula<neumf>(small(), [](const saved_network& n, index user, index item) {
    const auto sides = n.sides(user, item, 0, 5);
    std::vector<double> both;
    for (std::size_t d = 0; d < 5; ++d) both.push_back(sides[0][d] * sides[1][d]);
    const auto h = n.rectified(joined(n.fields(user, item, 5, 5)), "deep.0");
    for (const double x : n.rectified(h, "deep.1")) both.push_back(x);
    return n.rating(n.dense(both, "joined")[0] + n.linear(user, item, 10));
  });
}

TEST_CASE("gradients of the network of neumf are those of central differences") {
  check_network_gradients(small());
}

TEST_CASE("neumf learns what ratings follow from") {
  check_learns<neumf>({.dimensions = 8, .tower = {.hidden = {32, 16}}});
}

TEST_CASE("neumf needs a hidden layer to join") {
  CHECK_THROWS_AS(neumf({.tower = {.hidden = {}}}), option_error);
}

}  // namespace kindred::neumf_test
