#include <kindred/nn/ranking_loss.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace kindred::ranking_loss_test {
namespace {

/// -log softmax(logits)[positive], as written.
double brute_loss(const std::vector<double>& logits, std::size_t positive) {
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit);
  return -std::log(std::exp(logits[positive]) / sum);
}

/// Scores of 37 items, one of which stands in three places.
struct example {
  std::vector<float> scores;
  std::vector<kindred::index> items;
  std::vector<float> log_q;

  example() {
    for (int i = 0; i < 37; ++i) {
      const auto x = static_cast<float>(i);
      scores.push_back(std::sin(3 * x));
      items.push_back(i);
      log_q.push_back(-std::log(2 + x));
    }
    items[30] = items[36] = items[7];
  }

  /// The loss by definition, over doubles.
  [[nodiscard]] double loss(const std::vector<double>& of, std::size_t positive, bool corrected,
                            double temperature) const {
    std::vector<double> logits;
    std::size_t place = 0;
    for (std::size_t i = 0; i < of.size(); ++i) {
      if (i == positive) place = logits.size();
      if (items[i] == items[positive] && i != positive) continue;
      logits.push_back(of[i] / temperature - (corrected ? static_cast<double>(log_q[i]) : 0));
    }
    return brute_loss(logits, place);
  }
};

}  // namespace

TEST_CASE("the derivative of bpr is that of its value") {
  const nn::bpr loss;
  for (double x = -5; x < 5; x += 0.3) {
    const auto at = static_cast<float>(x);
    const auto exact = static_cast<double>(at);
    CHECK(static_cast<double>(loss.value(at)) ==
          doctest::Approx(-std::log(1 / (1 + std::exp(-exact)))).epsilon(1e-5));
    constexpr double h = 1e-5;
    const double difference =
        (std::log1p(std::exp(-exact - h)) - std::log1p(std::exp(-exact + h))) / (2 * h);
    CHECK(static_cast<double>(loss.derivative(at)) == doctest::Approx(difference).epsilon(1e-5));
  }
  CHECK(loss.value(1e4F) == 0);
  CHECK(loss.value(-1e4F) == 1e4F);
  CHECK(loss.derivative(1e4F) == 0);
  CHECK(loss.derivative(-1e4F) == -1);
}

TEST_CASE("the hinge of warp ends 1 above a negative") {
  const nn::warp loss;
  CHECK(loss.value(-2) == 3);
  CHECK(loss.derivative(-2) == -1);
  CHECK(loss.value(0.75F) == 0.25F);
  CHECK(loss.derivative(0.75F) == -1);
  CHECK(loss.value(1) == 0);
  CHECK(loss.derivative(1) == 0);
}

TEST_CASE("softmax cross-entropy is that of brute force, of any length") {
  for (std::size_t count = 1; count < 70; ++count) {
    CAPTURE(count);
    std::vector<float> logits;
    for (std::size_t i = 0; i < count; ++i)
      logits.push_back(5 * std::sin(static_cast<float>(3 * i + 1)));
    const std::size_t positive = count / 2;
    const std::vector<double> exact(logits.begin(), logits.end());
    double sum = 0;
    for (const double logit : exact) sum += std::exp(logit);
    CHECK(static_cast<double>(nn::softmax_cross_entropy(logits, positive)) ==
          doctest::Approx(brute_loss(exact, positive)).epsilon(1e-5).scale(0.1));
    double worst = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double expected = std::exp(exact[i]) / sum - (i == positive ? 1 : 0);
      worst = std::max(worst, std::abs(static_cast<double>(logits[i]) - expected));
    }
    CHECK(worst < 1e-6);
  }
}

TEST_CASE("softmax cross-entropy of extreme logits is finite") {
  std::vector<float> logits = {1e4F, -1e4F, 0, -std::numeric_limits<float>::infinity()};
  CHECK(nn::softmax_cross_entropy(logits, 1) == 2e4F);
  CHECK(logits == std::vector<float>{1, -1, 0, 0});
  logits = {1e4F, -1e4F, 0};
  CHECK(nn::softmax_cross_entropy(logits, 0) == 0);
  CHECK(logits == std::vector<float>{0, 0, 0});
}

TEST_CASE("softmax cross-entropy lets what is not a number through") {
  for (const std::size_t place : {0U, 1U, 18U}) {
    std::vector<float> logits(20, 1);
    logits[place] = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(nn::softmax_cross_entropy(logits, 1)));
  }
}

TEST_CASE("a row of scores is corrected, cooled and rid of accidental hits") {
  const example of;
  const std::vector<double> exact(of.scores.begin(), of.scores.end());
  for (const bool corrected : {false, true}) {
    for (const double temperature : {1.0, 0.2}) {
      for (const std::size_t positive : {0U, 7U, 36U}) {
        CAPTURE(corrected);
        CAPTURE(temperature);
        CAPTURE(positive);
        std::vector<float> row = of.scores;
        nn::scored_items about{.items = of.items, .positive = positive};
        if (corrected) about.log_q = of.log_q;
        const float loss = nn::softmax_loss(row, about, temperature);
        CHECK(static_cast<double>(loss) ==
              doctest::Approx(of.loss(exact, positive, corrected, temperature)).epsilon(1e-5));
        double worst = 0;
        for (std::size_t i = 0; i < row.size(); ++i) {
          constexpr double h = 1e-5;
          std::vector<double> moved = exact;
          moved[i] += h;
          const double above = of.loss(moved, positive, corrected, temperature);
          moved[i] -= 2 * h;
          const double below = of.loss(moved, positive, corrected, temperature);
          worst =
              std::max(worst, std::abs((above - below) / (2 * h) - static_cast<double>(row[i])));
        }
        CHECK(worst < 2e-6);
        if (positive == 7) CHECK((row[30] == 0 && row[36] == 0));
      }
    }
  }
}

TEST_CASE("with log_q the expected gradient of a sample is near that of all items") {
  // Two items beside the positive, drawn with probabilities q: the corrected weights exp(s) / q,
  // times q in expectation, are the weights exp(s) of the full softmax.
  const std::vector<float> q = {0.8F, 0.2F};
  const std::vector<float> scores = {0.4F, 1.1F};
  double expected = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<float> row = {-20, scores[i]};  // the positive hardly counts in the sum
    const std::vector<kindred::index> items = {9, static_cast<kindred::index>(i)};
    const std::vector<float> log_q = {0, std::log(q[i])};
    const float loss = nn::softmax_loss(row, {.items = items, .log_q = log_q, .positive = 0});
    expected += static_cast<double>(q[i]) * std::exp(static_cast<double>(loss) - 20);
  }
  CHECK(expected == doctest::Approx(std::exp(0.4) + std::exp(1.1)).epsilon(1e-4));
}

TEST_CASE("a ranking loss outside its range is named") {
  const auto message = [](const nn::ranking_loss& loss) -> std::string {
    try {
      nn::check_option(loss);
    } catch (const kindred::option_error& e) {
      return e.what();
    }
    return "";
  };
  CHECK(message(nn::bpr{}).empty());
  CHECK(message(nn::sampled_softmax{}).empty());
  CHECK(message(nn::in_batch_softmax{}).empty());
  CHECK(message(nn::warp{.trials = 0}) == "option warp.trials = 0 is not in [1, 2147483647]");
  CHECK(message(nn::bpr{.negatives = 0}) == "option bpr.negatives = 0 is not in [1, 2147483647]");
  CHECK(message(nn::sampled_softmax{.negatives = 0}) ==
        "option sampled_softmax.negatives = 0 is not in [1, 2147483647]");
  CHECK(message(nn::in_batch_softmax{.temperature = 0}) ==
        "option in_batch_softmax.temperature = 0 is not in [1e-6, 1e6]");
}

}  // namespace kindred::ranking_loss_test
