#include <kindred/nn/loss.hpp>

#include <doctest/doctest.h>

namespace kindred::loss_test {
TEST_CASE("a loss of either kind is checked") {
  CHECK_NOTHROW(nn::check_option(nn::loss(nn::cross_entropy{})));
  CHECK_NOTHROW(nn::check_option(nn::loss(nn::in_batch_softmax{})));
  CHECK_THROWS_WITH_AS(nn::check_option(nn::loss(nn::huber{.delta = -1})),
                       "option huber.delta = -1 is not in (0, 1e12)", kindred::option_error);
  CHECK_THROWS_WITH_AS(nn::check_option(nn::loss(nn::bpr{.negatives = 0})),
                       "option bpr.negatives = 0 is not in [1, 2147483647]", kindred::option_error);
}

static_assert(nn::pointwise<nn::squared_error>);
static_assert(nn::pointwise<nn::cross_entropy>);
static_assert(!nn::pointwise<nn::bpr>);
static_assert(!nn::pointwise<nn::sampled_softmax>);

}  // namespace kindred::loss_test
