#include <kindred/core/error.hpp>
#include <kindred/model/mlp_rating.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include "network_support.hpp"
#include "saved_network.hpp"

namespace kindred::mlp_rating_test {

using namespace test;

namespace {

mlp_rating_options small() { return small_options<mlp_rating_options>(known_world().features()); }

}  // namespace

TEST_CASE("mlp_rating keeps to what a network that rates has to") {
  check_network<mlp_rating>(small());
}

TEST_CASE("batches that are worth sharing give the same bits on any number of threads") {
  mlp_rating_options options = small();
  options.dimensions = 16;
  options.tower = {.hidden = {96, 64}, .normalize = nn::normalization::batch, .dropout = 0.2F};
  options.training.epochs = 2;
  options.training.batch_size = 512;
  const dataset train = known_world().ratings();
  check_same_bits_everywhere(mlp_rating(options), train);
  options.training.clipping = {.max_norm = 0.1};
  check_same_bits_everywhere(mlp_rating(options), train);
}

TEST_CASE("mlp_rating predicts by its formula") {
  check_formula<mlp_rating>(small(), [](const saved_network& n, index user, index item) {
    const auto h = n.rectified(joined(n.fields(user, item, 0, 5)), "deep.0");
    const double deep = n.dense(n.rectified(h, "deep.1"), "deep.output")[0];
    return n.rating(deep + n.linear(user, item, 5));
  });
}

TEST_CASE("gradients of the network of mlp_rating are those of central differences") {
  check_network_gradients(small());
  auto plain = small();
  plain.biases = false;
  check_network_gradients(plain);
}

TEST_CASE("mlp_rating learns what ratings follow from") {
  check_learns<mlp_rating>({.dimensions = 8, .tower = {.hidden = {32, 16}}});
}

TEST_CASE("without dense layers it is a sum, which cannot tell who is alike") {
  const known_world world;
  mlp_rating sum{{.tower = {.hidden = {}},
                  .training = {.epochs = 60, .optimizer = nn::adam{.learning_rate = 0.01}},
                  .features = world.features(false)}};
  sum.fit(world.ratings());
  CHECK(error_in(world, sum) > 0.95);
}

TEST_CASE("options of mlp_rating are checked") {
  CHECK_THROWS_WITH_AS(mlp_rating({.dimensions = 0}), "option dimensions = 0 is not in [1, 1024]",
                       option_error);
  CHECK_THROWS_AS(mlp_rating({.dimensions = 1025}), option_error);
  CHECK_THROWS_AS(mlp_rating({.tower = {.hidden = {4097}}}), option_error);
  CHECK_THROWS_AS(mlp_rating({.loss = nn::huber{.delta = 0}}), option_error);
  CHECK_THROWS_AS(mlp_rating({.negatives = -1}), option_error);
  CHECK_THROWS_AS(mlp_rating({.training = {.batch_size = 0}}), option_error);
  CHECK_THROWS_WITH_AS(mlp_rating({.features = {.users = {known_world::table({1, 2}), {{"age"}}}}}),
                       "users: no feature column 'age'; there are: number, parity", data_error);
}

}  // namespace kindred::mlp_rating_test
