#include <kindred/backend/cuda/network_lanes.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/kernel/activation.hpp>
#include <kindred/kernel/gradient_step.hpp>
#include <kindred/model/dcn.hpp>
#include <kindred/model/deep_fm.hpp>
#include <kindred/model/mlp_rating.hpp>
#include <kindred/model/neumf.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/optimizer.hpp>
#include <kindred/nn/tower.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "../model/network_support.hpp"
#include "emulated_network.hpp"

/// All of a network's training on a device but the device: its steps, by plain loops.
namespace kindred::cuda_network_test {

using test::emulated_network;
using test::known_world;

static_assert(trainable_network<emulated_network>);

namespace {

/// Fields of several entries, of one and of none known; the rows of "parity" are read by half of
/// all samples.
template <class Options = mlp_rating_options>
Options small() {
  auto options = test::small_options<Options>(known_world().features());
  options.training.optimizer = nn::sgd{.learning_rate = 0.05};
  options.training.batch_size = 300;
  return options;
}

dataset weighted(const dataset& ratings) {
  rating_columns columns;
  const counter_rng random(3);
  for (index u = 0; u < ratings.num_users(); ++u)
    for (const auto& [item, value] : ratings.by_user(u)) {
      columns.users.push_back(u);
      columns.items.push_back(item);
      columns.values.push_back(value);
      columns.weights.push_back(static_cast<float>(0.5 + random.uniform(columns.weights.size())));
    }
  return make_dataset(ratings.users(), ratings.items(), std::move(columns));
}

template <class Model>
float distance(const Model& a, const Model& b) {
  float furthest = 0;
  for (index u = unknown_index; u < known_world::users; ++u)
    for (index i = unknown_index; i < known_world::items; ++i)
      furthest = std::max(furthest, std::abs(a.predict(u, i) - b.predict(u, i)));
  return furthest;
}

/// Ratings are some numbers from 1 to 5: after three epochs, predictions are 2e-4 apart at most.
template <class Options>
void check_as_on_the_processor(const Options& options,
                               const dataset& train = known_world().ratings()) {
  neural_rating_model<Options> here(options);
  neural_rating_model<Options> there(options);
  const fit_history expected = here.fit(train);
  const fit_history history = there.fit(train, {}, emulated_network{});
  for (std::size_t e = 0; e < history.epochs.size(); ++e) {
    CHECK(history.epochs[e].train_loss ==
          doctest::Approx(expected.epochs[e].train_loss).epsilon(1e-4));
    CHECK(history.epochs[e].train_rmse ==
          doctest::Approx(expected.epochs[e].train_rmse).epsilon(1e-4));
    CHECK(history.epochs[e].learning_rate == expected.epochs[e].learning_rate);
  }
  CHECK(distance(here, there) < 2e-4F);
}

std::string refused(const mlp_rating_options& options) {
  mlp_rating model(options);
  try {
    model.fit(known_world().ratings(), {}, emulated_network{});
  } catch (const option_error& error) {
    CHECK_FALSE(model.fitted());
    return error.value();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("activations and steps of a number are those of the processor's kernels") {
  constexpr std::size_t count = kernel::gradient_step_multiple;
  const counter_rng random(1);
  const auto numbers = [&](std::uint64_t stream, double least) {
    std::vector<float> x(count);
    for (std::size_t k = 0; k < count; ++k)
      x[k] = static_cast<float>(least + 4 * random.uniform(stream * count + k));
    return x;
  };
  for (const auto function :
       {kernel::activation::linear, kernel::activation::relu, kernel::activation::leaky_relu,
        kernel::activation::sigmoid, kernel::activation::tanh, kernel::activation::gelu}) {
    auto x = numbers(0, -2);
    auto y = x;
    auto dx = numbers(1, -2);
    auto dy = dx;
    const auto whole = kernel::select_activation(function);
    whole.derive(x.data(), dx.data(), count);
    whole.apply(x.data(), count);
    for (std::size_t k = 0; k < count; ++k) {
      kernel::lanes::derive(function, y[k], dy[k]);
      kernel::lanes::activate(function, y[k]);
      CHECK(std::abs(x[k] - y[k]) < 1e-6F);
      CHECK(std::abs(dx[k] - dy[k]) < 1e-5F);
    }
  }
  const kernel::gradient_step step{.rate = 0.03F,
                                   .gradient_scale = 0.7F,
                                   .gradient_bound = 0.9F,
                                   .l1 = 0.01F,
                                   .l2 = 0.05F,
                                   .weight_decay = 0.002F,
                                   .first = {0.9F, 0.1F},
                                   .second = {0.99F, 0.01F},
                                   .epsilon = 1e-3F,
                                   .proximal_l1 = 0.2F};
  for (const auto rule :
       {kernel::step_rule::sgd, kernel::step_rule::momentum, kernel::step_rule::nesterov,
        kernel::step_rule::mean_square, kernel::step_rule::adam, kernel::step_rule::ftrl}) {
    auto w = numbers(2, -2);
    auto a = numbers(3, 0);
    auto b = numbers(4, 0);
    auto v = w;
    auto c = a;
    auto d = b;
    const auto g = numbers(5, -2);
    kernel::select_gradient_step(rule)(step, g.data(), count, w.data(), a.data(), b.data());
    for (std::size_t k = 0; k < count; ++k) {
      kernel::lanes::take_step(rule, step, g[k], &v[k], &c[k], &d[k]);
      CHECK(std::abs(w[k] - v[k]) < 1e-5F);
      CHECK(std::abs(a[k] - c[k]) < 1e-5F);
      CHECK(std::abs(b[k] - d[k]) < 1e-5F);
    }
  }
}

TEST_CASE("a network is trained on a device as on the processor, by each optimizer") {
  const nn::optimizer optimizers[] = {nn::sgd{.learning_rate = 0.05},
                                      nn::momentum{},
                                      nn::nesterov{},
                                      nn::adagrad{},
                                      nn::rmsprop{},
                                      nn::adam{},
                                      nn::adamw{},
                                      nn::ftrl{.l1 = 1e-3}};
  for (const nn::optimizer& optimizer : optimizers) {
    CAPTURE(optimizer.index());
    mlp_rating_options options = small();
    options.training.optimizer = optimizer;
    check_as_on_the_processor(options);
  }
}

TEST_CASE("with each activation and loss, whatever else there is") {
  mlp_rating_options options = small();
  for (int function = 0; function < 6; ++function) {
    CAPTURE(function);
    options.tower.function = static_cast<nn::activation>(function);
    check_as_on_the_processor(options);
  }
  options.tower = {.hidden = {17, 20, 5}, .dropout = 0.3F};
  options.loss = nn::huber{.delta = 0.5};
  options.training.hidden_ids = 0.3;
  options.training.l1 = 1e-3;
  options.training.l2 = 1e-2;
  options.training.embedding_l2 = 1e-2;
  options.training.schedule = {.decay = nn::cosine_decay{}, .warmup_steps = 3};
  check_as_on_the_processor(options, weighted(known_world().ratings()));
  options.biases = false;
  options.training.clipping = {.max_norm = 0.05};
  check_as_on_the_processor(options);
  options.training.clipping = {.max_value = 0.005};
  options.tower.hidden = {};
  options.loss = nn::absolute_error{};
  check_as_on_the_processor(options);
}

TEST_CASE("and so are the networks with other branches") {
  auto options = small<neumf_options>();
  options.tower.function = nn::activation::tanh;
  check_as_on_the_processor(options);
  check_as_on_the_processor(small<deep_fm_options>());
}

TEST_CASE("with negatives and labels") {
  dataset ratings = known_world().ratings();
  rating_columns columns;
  for (index u = 0; u < ratings.num_users(); ++u)
    for (const auto& [item, value] : ratings.by_user(u)) {
      columns.users.push_back(u);
      columns.items.push_back(item);
      columns.values.push_back(value > 3 ? 1.0F : 0.0F);
    }
  mlp_rating_options options = small();
  options.loss = nn::cross_entropy{};
  options.negatives = 2;
  options.training.batch_size = 1;
  options.training.epochs = 1;
  check_as_on_the_processor(options,
                            make_dataset(ratings.users(), ratings.items(), std::move(columns)));
}

TEST_CASE("a fit on a device goes on after a break with the same bits") {
  const dataset train = known_world().ratings();
  mlp_rating_options options = small();
  options.training.optimizer = nn::adam{};
  mlp_rating whole(options);
  whole.fit(train, {}, emulated_network{});
  auto shorter = options;
  shorter.training.epochs = 1;
  mlp_rating broken(shorter);
  broken.fit(train, {}, emulated_network{});
  broken.set_options(options);
  broken.resume(train, {}, emulated_network{});
  CHECK(distance(whole, broken) == 0);
  int saved = 0;
  mlp_rating again(options);
  again.fit(train, {}, emulated_network{}, [&](const mlp_rating& now) {
    CHECK(now.trained_epochs() == ++saved);
    if (saved == options.training.epochs) CHECK(distance(whole, now) == 0);
  });
  CHECK(saved == options.training.epochs);
}

TEST_CASE("early stopping, observers and stop tokens are heeded on a device") {
  const dataset train = known_world().ratings();
  const dataset validation = known_world().ratings(2);
  mlp_rating_options options = small();
  options.training.optimizer = nn::sgd{.learning_rate = 0.2};
  options.training.epochs = 12;
  const fit_options fit{.validation = validation,
                        .early_stopping = early_stopping_options{.patience = 2, .min_delta = 0.01}};
  mlp_rating here(options);
  mlp_rating there(options);
  const fit_history expected = here.fit(train, fit);
  const fit_history history = there.fit(train, fit, emulated_network{});
  CHECK(history.best_epoch == expected.best_epoch);
  CHECK(there.trained_epochs() == here.trained_epochs());
  CHECK(distance(here, there) < 1e-3F);

  std::stop_source stop;
  mlp_rating stopped(options);
  CHECK_THROWS_AS(stopped.fit(train,
                              {.observer =
                                   [&](const epoch_report&) {
                                     stop.request_stop();
                                     return training::proceed;
                                   },
                               .stop = stop.get_token()},
                              emulated_network{}),
                  cancelled);
  CHECK_FALSE(stopped.fitted());
}

TEST_CASE("a loss that is no number ends the fit on a device") {
  mlp_rating_options options = small();
  options.training.optimizer = nn::sgd{.learning_rate = 1e5};
  mlp_rating model(options);
  CHECK_THROWS_AS(model.fit(known_world().ratings(), {}, emulated_network{}), divergence_error);
  CHECK_FALSE(model.fitted());
}

TEST_CASE("what a network needs of a device's memory is known before it is asked for") {
  const feature_encoder features(known_world().features(), known_world().ratings());
  for (const auto rule : {kernel::step_rule::sgd, kernel::step_rule::adam}) {
    const network_problem problem{.plan = nn::plan_of(make_network(small(), features)),
                                  .slots = static_cast<std::size_t>(features.slots()),
                                  .rule = rule,
                                  .loss = kernel::squared_loss{},
                                  .samples = 777,
                                  .reads = 5000};
    const gpu::network_sizes sizes(problem);
    test::plain_device device(sizes.block);
    const std::size_t before = test::plain_device::allocated;
    const gpu::network_trainer trainer(device, problem);
    CHECK(test::plain_device::allocated - before + 2 * sizes.block == sizes.bytes(problem));
  }
}

TEST_CASE("what a device does not train is refused by name") {
  mlp_rating_options options = small();
  options.tower.normalize = nn::normalization::batch;
  CHECK(refused(options) == "batch_norm");
  options.tower.normalize = nn::normalization::layer;
  CHECK(refused(options) == "layer_norm");
  const feature_encoder features(known_world().features(), known_world().ratings());
  nn::network of_two_tasks;
  of_two_tasks.head = nn::make_tower(of_two_tasks.layout, 16, {}, 2);
  CHECK_THROWS_AS(static_cast<void>(nn::plan_of(of_two_tasks)), option_error);
  try {
    static_cast<void>(nn::plan_of(make_network(dcn_options{}, features)));
    FAIL("not refused");
  } catch (const option_error& error) {
    CHECK(error.value() == "cross");
  }
}

}  // namespace kindred::cuda_network_test
