#include <kindred/model/deep_fm.hpp>

#include <doctest/doctest.h>

#include "network_support.hpp"

namespace kindred::test {

namespace {

deep_fm_options small() { return small_options<deep_fm_options>(known_world().features()); }

}  // namespace

TEST_CASE("deep_fm keeps to what a network that rates has to") { check_network<deep_fm>(small()); }

TEST_CASE("gradients of the network of deep_fm are those of central differences") {
  check_network_gradients(small());
}

TEST_CASE("deep_fm learns what ratings follow from") {
  check_learns<deep_fm>({.dimensions = 8, .tower = {.hidden = {32, 16}}});
}

}  // namespace kindred::test
