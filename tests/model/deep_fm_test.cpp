#include <kindred/model/deep_fm.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <numeric>

#include "network_support.hpp"
#include "saved_network.hpp"

namespace kindred::deep_fm_test {

using namespace test;

namespace {

deep_fm_options small() { return small_options<deep_fm_options>(known_world().features()); }

}  // namespace

TEST_CASE("deep_fm keeps to what a network that rates has to") { check_network<deep_fm>(small()); }

TEST_CASE("deep_fm predicts by its formula") {
  check_formula<deep_fm>(small(), [](const saved_network& n, index user, index item) {
    const auto fields = n.fields(user, item, 0, 5);
    double pairs = 0;
    for (std::size_t f = 0; f < fields.size(); ++f)
      for (std::size_t g = f + 1; g < fields.size(); ++g)
        pairs += std::inner_product(fields[f].begin(), fields[f].end(), fields[g].begin(), 0.0);
    const auto h = n.rectified(joined(fields), "deep.0");
    const double deep = n.dense(n.rectified(h, "deep.1"), "deep.output")[0];
    return n.rating(pairs + deep + n.linear(user, item, 5));
  });
}

TEST_CASE("gradients of the network of deep_fm are those of central differences") {
  check_network_gradients(small());
}

TEST_CASE("deep_fm learns what ratings follow from") {
  check_learns<deep_fm>({.dimensions = 8, .tower = {.hidden = {32, 16}}});
}

}  // namespace kindred::deep_fm_test
