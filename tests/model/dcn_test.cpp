#include <kindred/core/error.hpp>
#include <kindred/model/dcn.hpp>

#include <doctest/doctest.h>

#include "network_support.hpp"

namespace kindred::test {

namespace {

dcn_options small(dcn_structure structure) {
  auto o = small_options<dcn_options>(known_world().features());
  o.dimensions = 3;
  o.structure = structure;
  return o;
}

}  // namespace

TEST_CASE("dcn keeps to what a network that rates has to") {
  check_network<dcn>(small(dcn_structure::stacked));
  check_resumes<dcn>(small(dcn_structure::parallel));
}

TEST_CASE("gradients of the networks of dcn are those of central differences") {
  check_network_gradients(small(dcn_structure::stacked));
  check_network_gradients(small(dcn_structure::parallel));
}

TEST_CASE("dcn learns what ratings follow from") {
  check_learns<dcn>({.dimensions = 8, .tower = {.hidden = {32, 16}}});
  check_learns<dcn>(
      {.dimensions = 8, .structure = dcn_structure::parallel, .tower = {.hidden = {32, 16}}});
}

TEST_CASE("options of dcn are checked") {
  CHECK_THROWS_AS(dcn({.cross_layers = 0}), option_error);
  CHECK_THROWS_AS(dcn({.cross_layers = 17}), option_error);
  CHECK_THROWS_AS(dcn({.structure = static_cast<dcn_structure>(2)}), option_error);
  CHECK_NOTHROW(dcn({.tower = {.hidden = {}}}));
  CHECK_THROWS_AS(dcn({.structure = dcn_structure::parallel, .tower = {.hidden = {}}}),
                  option_error);
}

}  // namespace kindred::test
