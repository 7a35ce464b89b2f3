#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <kindred/train/training_loop.hpp>
#include <limits>
#include <stop_token>
#include <string>
#include <vector>

namespace kindred::training_loop_test {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Plays back scripted errors; its one parameter is the number of the epoch that set it.
struct scripted_trainer {
  std::vector<double> squared_errors{};     ///< beyond its end: 100
  std::vector<double> validation_errors{};  ///< one an epoch
  int parameter = 0;
  int kept = 0;
  int keeps = 0;
  std::stop_source* stopper = nullptr;  ///< asked to stop in the second epoch
  int validations = 0;

  epoch_result run_epoch(int epoch) {
    parameter = epoch;
    if (stopper != nullptr && epoch == 2) stopper->request_stop();
    const auto k = static_cast<std::size_t>(epoch - 1);
    return {k < squared_errors.size() ? squared_errors[k] : 100.0, 0.5 / epoch};
  }
  double validation_rmse(const kindred::dataset&) {
    ++validations;
    return validation_errors.at(static_cast<std::size_t>(parameter - 1));
  }
  void keep() {
    ++keeps;
    kept = parameter;
  }
  void restore() { parameter = kept; }
};

kindred::dataset one_rating() {
  kindred::detail::dataset_storage storage;
  storage.row_values = kindred::aligned_vector<float>{3.0F};
  return kindred::dataset(storage);
}

fit_history train(scripted_trainer& trainer, int epochs, const fit_options& options) {
  return kindred::train_epochs(trainer, {.model = "scripted", .epochs = epochs, .ratings = 4},
                               options);
}

fit_options stopping_after(early_stopping_options stopping) {
  return {.validation = one_rating(), .early_stopping = stopping};
}

}  // namespace

TEST_CASE("training loop reports each epoch") {
  scripted_trainer trainer{.squared_errors = {16, 4, 1}, .validation_errors = {3, 2, 2.5}};
  const auto history = train(trainer, 3, {.validation = one_rating()});
  REQUIRE(history.epochs.size() == 3);
  CHECK(history.reason == stop_reason::finished);
  CHECK(history.best_epoch == 3);
  CHECK(trainer.parameter == 3);
  CHECK(trainer.keeps == 0);
  const std::vector<double> train_rmse = {2, 1, 0.5};  // sqrt(squared error / 4 ratings)
  for (std::size_t k = 0; k < 3; ++k) {
    const epoch_report& report = history.epochs[k];
    CHECK(report.epoch == static_cast<int>(k + 1));
    CHECK(report.epochs == 3);
    CHECK(report.train_rmse == train_rmse[k]);
    CHECK(report.validation_rmse == trainer.validation_errors[k]);
    CHECK(report.learning_rate == 0.5 / static_cast<double>(k + 1));
    CHECK(report.ratings_per_second > 0);
    if (k > 0) CHECK(report.elapsed >= history.epochs[k - 1].elapsed);
  }
}

TEST_CASE("training loop has no validation error without a validation set") {
  scripted_trainer trainer;
  const auto history = train(trainer, 2, {});
  CHECK(trainer.validations == 0);
  for (const epoch_report& report : history.epochs) CHECK(std::isnan(report.validation_rmse));
}

TEST_CASE("training loop makes no epoch of none") {
  scripted_trainer trainer;
  const auto history = train(trainer, 0, {});
  CHECK(history.epochs.empty());
  CHECK(history.best_epoch == 0);
  CHECK(trainer.parameter == 0);
}

TEST_CASE("observer sees every epoch and can stop") {
  scripted_trainer trainer;
  std::vector<int> seen;
  fit_options options;
  options.observer = [&](const epoch_report& report) {
    seen.push_back(report.epoch);
    return report.epoch == 3 ? training::stop : training::proceed;
  };
  const auto history = train(trainer, 10, options);
  CHECK(seen == std::vector<int>{1, 2, 3});
  CHECK(history.epochs.size() == 3);
  CHECK(history.reason == stop_reason::observer);
  CHECK(history.best_epoch == 3);
  CHECK(trainer.parameter == 3);
}

TEST_CASE("early stopping waits for `patience` epochs and restores the best") {
  scripted_trainer trainer{.validation_errors = {5, 3, 4, 3.5, 3.2, 1}};
  const auto history = train(trainer, 6, stopping_after({.patience = 3}));
  CHECK(history.epochs.size() == 5);
  CHECK(history.reason == stop_reason::early_stopping);
  CHECK(history.best_epoch == 2);
  CHECK(trainer.parameter == 2);
  CHECK(trainer.keeps == 2);
}

TEST_CASE("early stopping keeps the last epoch if it is not to restore") {
  scripted_trainer trainer{.validation_errors = {5, 3, 4, 3.5, 3.2, 1}};
  const auto history = train(trainer, 6, stopping_after({.patience = 3, .restore_best = false}));
  CHECK(history.epochs.size() == 5);
  CHECK(history.best_epoch == 5);
  CHECK(trainer.parameter == 5);
  CHECK(trainer.keeps == 0);
}

TEST_CASE("early stopping starts to wait anew after an improvement") {
  scripted_trainer trainer{.validation_errors = {5, 6, 4, 6, 3, 6, 6}};
  const auto history = train(trainer, 7, stopping_after({.patience = 2}));
  CHECK(history.epochs.size() == 7);
  CHECK(history.reason == stop_reason::early_stopping);
  CHECK(history.best_epoch == 5);
}

TEST_CASE("an equal validation error is no improvement") {
  scripted_trainer trainer{.validation_errors = {5, 5, 5, 5}};
  const auto history = train(trainer, 4, stopping_after({.patience = 2}));
  CHECK(history.epochs.size() == 3);
  CHECK(history.best_epoch == 1);
  CHECK(trainer.parameter == 1);
}

TEST_CASE("min_delta judges patience, the least error judges the best epoch") {
  // Falls by 0.25 an epoch: more than 0.4 below its reference every second epoch.
  scripted_trainer slow{.validation_errors = {5, 4.75, 4.5, 4.25, 4, 3.75}};
  CHECK(train(slow, 6, stopping_after({.patience = 2, .min_delta = 0.4})).epochs.size() == 6);
  scripted_trainer slower{.validation_errors = {5, 4.75, 4.5, 4.25, 4, 3.75}};
  const auto history = train(slower, 6, stopping_after({.patience = 2, .min_delta = 0.5}));
  CHECK(history.epochs.size() == 3);
  CHECK(history.best_epoch == 3);
  CHECK(slower.parameter == 3);
}

TEST_CASE("the best epoch is restored when all epochs ran or the observer stopped") {
  scripted_trainer finished{.validation_errors = {5, 3, 4}};
  const auto history = train(finished, 3, stopping_after({.patience = 3}));
  CHECK(history.reason == stop_reason::finished);
  CHECK(history.best_epoch == 2);
  CHECK(finished.parameter == 2);

  scripted_trainer stopped{.validation_errors = {3, 5, 4}};
  fit_options options = stopping_after({.patience = 3});
  options.observer = [](const epoch_report& report) {
    return report.epoch == 2 ? training::stop : training::proceed;
  };
  CHECK(train(stopped, 3, options).best_epoch == 1);
  CHECK(stopped.parameter == 1);
}

TEST_CASE("a best last epoch costs no copy") {
  scripted_trainer trainer{.validation_errors = {5}};
  CHECK(train(trainer, 1, stopping_after({})).best_epoch == 1);
  CHECK(trainer.keeps == 0);
}

TEST_CASE("an error that is not finite names the model, the epoch and the learning rate") {
  for (const double bad : {not_a_number, std::numeric_limits<double>::infinity()}) {
    scripted_trainer trainer{.squared_errors = {16, bad}};
    try {
      (void)train(trainer, 3, {});
      FAIL("no error");
    } catch (const kindred::divergence_error& error) {
      CHECK(error.epoch() == 2);
      CHECK(error.learning_rate() == 0.25);
      CHECK(std::string(error.what()) == "scripted diverged in epoch 2 at learning rate 0.25");
    }
    scripted_trainer on_validation{.validation_errors = {3, bad}};
    CHECK_THROWS_AS((void)train(on_validation, 3, {.validation = one_rating()}),
                    kindred::divergence_error);
  }
}

TEST_CASE("a stop token cancels before an epoch and inside one") {
  std::stop_source before;
  before.request_stop();
  scripted_trainer untouched;
  CHECK_THROWS_AS((void)train(untouched, 3, {.stop = before.get_token()}), kindred::cancelled);
  CHECK(untouched.parameter == 0);

  std::stop_source inside;
  scripted_trainer trainer{.stopper = &inside};
  int observed = 0;
  fit_options options{.stop = inside.get_token()};
  options.observer = [&](const epoch_report&) {
    ++observed;
    return training::proceed;
  };
  CHECK_THROWS_AS((void)train(trainer, 3, options), kindred::cancelled);
  CHECK(trainer.parameter == 2);
  CHECK(observed == 1);
}

TEST_CASE("training options out of range are refused before the first epoch") {
  scripted_trainer trainer{.validation_errors = {1, 1, 1}};
  CHECK_THROWS_AS((void)train(trainer, 3, {.early_stopping = early_stopping_options{}}),
                  kindred::option_error);
  CHECK_THROWS_AS((void)train(trainer, 3, stopping_after({.patience = 0})), kindred::option_error);
  CHECK_THROWS_AS((void)train(trainer, 3, stopping_after({.min_delta = -1e-9})),
                  kindred::option_error);
  CHECK_THROWS_AS((void)train(trainer, 3, stopping_after({.min_delta = not_a_number})),
                  kindred::option_error);
  CHECK_THROWS_AS((void)train(trainer, 3, {.validation = kindred::dataset()}), kindred::data_error);
  CHECK(trainer.parameter == 0);
}

}  // namespace kindred::training_loop_test
