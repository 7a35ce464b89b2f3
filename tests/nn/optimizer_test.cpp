#include <kindred/nn/optimizer.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>

namespace kindred::optimizer_test {
TEST_CASE("an optimizer outside its range is named") {
  const auto message = [](const nn::optimizer& o) -> std::string {
    try {
      nn::check_option(o);
    } catch (const kindred::option_error& e) {
      return e.what();
    }
    return "";
  };
  CHECK(message(nn::sgd{.learning_rate = 0}) == "option sgd.learning_rate = 0 is not in (0, 1e6)");
  CHECK(message(nn::adam{.learning_rate = std::numeric_limits<double>::quiet_NaN()}) ==
        "option adam.learning_rate = nan is not in (0, 1e6)");
  CHECK(message(nn::momentum{.beta = 1}) == "option momentum.beta = 1 is not in [0, 1)");
  CHECK(message(nn::nesterov{.beta = -1}) == "option nesterov.beta = -1 is not in [0, 1)");
  CHECK(message(nn::rmsprop{.epsilon = 0}) == "option rmsprop.epsilon = 0 is not in [1e-30, 1]");
  CHECK(message(nn::adagrad{.initial_square = -1}) ==
        "option adagrad.initial_square = -1 is not in [0, 1e12)");
  CHECK(message(nn::adam{.beta2 = 1}) == "option adam.beta2 = 1 is not in [0, 1)");
  CHECK(message(nn::adamw{.learning_rate = 0.5, .weight_decay = 3}) ==
        "option adamw.weight_decay = 3 is not in [0, 1 / learning_rate]");
  CHECK(message(nn::ftrl{.beta = 0}) == "option ftrl.beta = 0 is not in (0, 1e6)");
  CHECK(message(nn::ftrl{.l1 = -1}) == "option ftrl.l1 = -1 is not in [0, 1e12)");
  CHECK(message(nn::ftrl{.l2 = -1}) == "option ftrl.l2 = -1 is not in [0, 1e12)");
}

TEST_CASE("optimizers are fine as they come") {
  for (const nn::optimizer& o :
       {nn::optimizer(nn::sgd{}), nn::optimizer(nn::momentum{}), nn::optimizer(nn::nesterov{}),
        nn::optimizer(nn::adagrad{}), nn::optimizer(nn::rmsprop{}), nn::optimizer(nn::adam{}),
        nn::optimizer(nn::adamw{}), nn::optimizer(nn::ftrl{})})
    CHECK_NOTHROW(nn::check_option(o));
  CHECK(nn::learning_rate_of(nn::adam{.learning_rate = 0.25}) == 0.25);
  CHECK(nn::optimizer(nn::adam{}) == nn::optimizer(nn::adam{}));
  CHECK(nn::optimizer(nn::adam{}) != nn::optimizer(nn::adam{.beta1 = 0.8}));
}

}  // namespace kindred::optimizer_test
