#include <kindred/core/error.hpp>
#include <kindred/model/neumf.hpp>

#include <doctest/doctest.h>

#include "network_support.hpp"

namespace kindred::test {

namespace {

neumf_options small() { return small_options<neumf_options>(known_world().features()); }

}  // namespace

TEST_CASE("neumf keeps to what a network that rates has to") { check_network<neumf>(small()); }

TEST_CASE("gradients of the network of neumf are those of central differences") {
  check_network_gradients(small());
}

TEST_CASE("neumf learns what ratings follow from") {
  check_learns<neumf>({.dimensions = 8, .tower = {.hidden = {32, 16}}});
}

TEST_CASE("neumf needs a hidden layer to join") {
  CHECK_THROWS_AS(neumf({.tower = {.hidden = {}}}), option_error);
}

}  // namespace kindred::test
