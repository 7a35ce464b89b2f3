#include <kindred/core/error.hpp>
#include <kindred/model/dcn.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "network_support.hpp"
#include "saved_network.hpp"

namespace kindred::dcn_test {

using namespace test;

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

TEST_CASE("dcn predicts by its formulas") {
  const auto crossed = [](const saved_network& n, const std::vector<double>& x0,
                          const std::string& name) {
    std::vector<double> x = x0;
    for (const char* k : {".0", ".1"}) {
      const auto z = n.dense(x, name + k);
      for (std::size_t c = 0; c < x.size(); ++c) x[c] += x0[c] * z[c];
    }
    return x;
  };
  check_formula<dcn>(small(dcn_structure::stacked), [&](const auto& n, index user, index item) {
    const auto x = crossed(n, joined(n.fields(user, item, 0, 3)), "deep.cross");
    const auto h = n.rectified(n.rectified(x, "deep.0"), "deep.1");
    return n.rating(n.dense(h, "deep.output")[0] + n.linear(user, item, 3));
  });
  check_formula<dcn>(small(dcn_structure::parallel), [&](const auto& n, index user, index item) {
    const auto x0 = joined(n.fields(user, item, 0, 3));
    const auto h = n.rectified(n.rectified(x0, "deep.0"), "deep.1");
    const auto both = joined({crossed(n, x0, "cross"), h});
    return n.rating(n.dense(both, "joined")[0] + n.linear(user, item, 3));
  });
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

}  // namespace kindred::dcn_test
