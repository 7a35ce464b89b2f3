#include <kindred/backend/serial.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/model/detail/neural/bpr_objective.hpp>
#include <kindred/model/detail/neural/popularity_sampler.hpp>
#include <kindred/model/detail/neural/softmax_objective.hpp>
#include <kindred/model/detail/neural/warp_objective.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "../data/support.hpp"
#include "../nn/gradient_check.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::ranking_objectives_test {
namespace {

using detail::event_batch;
using detail::popularity_sampler;
using detail::softmax_objective;
using detail::training_events;

/// A batch of events, in a fit that has gone through some before.
struct some_batch {
  explicit some_batch(std::size_t count, const training_events& events) {
    for (std::size_t k = 0; k < count; ++k)
      numbers.push_back(static_cast<index>(k * 7 % events.size()));
  }
  [[nodiscard]] event_batch batch() const { return {numbers, 1000}; }

  std::vector<index> numbers;
};

/// Compares the gradients and the loss of an objective with `naive`, a sum over the events in
/// double precision, which takes the numbers of the outputs row by row. Outputs are vectors of
/// `dimensions` numbers, aligned.
template <class Naive>
void check_objective(detail::objective& goal, const event_batch& batch, std::size_t rows,
                     std::size_t columns, std::size_t dimensions, const Naive& naive) {
  test::owned_matrix outputs(rows, columns);
  outputs.draw(3);
  const auto unused = [&](std::size_t c) { return c % nn::padded(dimensions) >= dimensions; };
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c)
      if (unused(c)) outputs(r, c) = 0;
  test::owned_matrix gradients(rows, columns);
  gradients.draw(4);  // what was there before does not matter
  const auto sums = goal.judge(batch, outputs.view(), gradients.view());
  CHECK(gradients.padding_is_zero());

  std::vector<double> values;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) values.push_back(static_cast<double>(outputs(r, c)));
  CHECK(sums.loss == doctest::Approx(naive(values)).epsilon(1e-5));
  CHECK(std::isnan(sums.squared_error));
  const auto count = static_cast<double>(batch.events.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      if (unused(c)) {
        REQUIRE(gradients(r, c) == 0);
        continue;
      }
      constexpr double step = 1e-5;
      double& at = values[r * columns + c];
      const double middle = at;
      at = middle + step;
      const double above = naive(values);
      at = middle - step;
      const double below = naive(values);
      at = middle;
      const double expected = (above - below) / (2 * step) / count;
      REQUIRE(static_cast<double>(gradients(r, c)) ==
              doctest::Approx(expected).epsilon(1e-4).scale(1));
    }
}

/// The cross-entropy, event by event, by its definition.
class naive_softmax {
 public:
  naive_softmax(const training_events& events, const event_batch& batch,
                const std::vector<nn::sample>& samples, const detail::softmax_plan& plan,
                std::size_t dimensions, std::vector<double> log_q)
      : events_(events),
        batch_(batch),
        samples_(samples),
        plan_(plan),
        dimensions_(dimensions),
        log_q_(std::move(log_q)) {}

  double operator()(const std::vector<double>& outputs) const {
    double total = 0;
    for (std::size_t e = 0; e < batch_.events.size(); ++e) {
      const double own = logit(outputs, e, e);
      double sum = std::exp(own);
      const std::size_t first = plan_.negatives == 0 ? 0 : batch_.events.size();
      for (std::size_t c = first; c < samples_.size(); ++c)
        if (samples_[c].item != samples_[e].item) sum += std::exp(logit(outputs, e, c));
      const auto event = static_cast<std::size_t>(batch_.events[e]);
      total += static_cast<double>(events_.weight(event)) * (std::log(sum) - own);
    }
    return total;
  }

 private:
  [[nodiscard]] double logit(const std::vector<double>& outputs, std::size_t user,
                             std::size_t item) const {
    const std::size_t half = nn::padded(dimensions_);
    const double* const u = outputs.data() + user * 2 * half;
    const double* const v = outputs.data() + item * 2 * half + half;
    const double score = std::inner_product(u, u + dimensions_, v, 0.0);
    const auto which = static_cast<std::size_t>(samples_[item].item);
    return score / plan_.temperature - (plan_.log_q ? log_q_[which] : 0.0);
  }

  const training_events& events_;
  const event_batch& batch_;
  const std::vector<nn::sample>& samples_;
  const detail::softmax_plan& plan_;
  std::size_t dimensions_;
  std::vector<double> log_q_;
};

/// Logarithms of the shares of a power of the items' counts.
std::vector<double> naive_log_q(const dataset& data, double power) {
  std::vector<double> all;
  for (index i = 0; i < data.num_items(); ++i)
    all.push_back(data.by_item(i).empty()
                      ? 0.0
                      : std::pow(static_cast<double>(data.by_item(i).size()), power));
  const double sum = std::accumulate(all.begin(), all.end(), 0.0);
  for (double& q : all) q = std::log(q / sum);
  return all;
}

}  // namespace

TEST_CASE("items are drawn in proportion to a power of their ratings") {
  const dataset data = test::random_dataset(400, 40, 12, 1);
  for (const double power : {0.0, 0.5, 1.0}) {
    const popularity_sampler sampler(data, power, 5);
    constexpr std::uint64_t draws = 40000;
    std::vector<double> found(12, 0.0);
    for (std::uint64_t n = 0; n < draws; ++n)
      found[static_cast<std::size_t>(sampler.draw(n))] += 1.0 / draws;
    const auto expected = naive_log_q(data, power);
    for (std::size_t i = 0; i < 12; ++i) {
      const double q = std::exp(expected[i]);
      CHECK(std::abs(found[i] - q) < 5 * std::sqrt(q / draws));
      CHECK(static_cast<double>(sampler.log_q(static_cast<index>(i))) ==
            doctest::Approx(expected[i]));
    }
  }
  const std::vector<index> user = {0, 1};
  const std::vector<index> item = {1, 3};
  const std::vector<float> value = {1, 1};
  const dataset sparse =
      make_dataset(test::numbered_ids(2), test::numbered_ids(5), user, item, value);
  const popularity_sampler sampler(sparse, 0, 5);
  const detail::negative_sampler negatives(sparse, 5);
  for (std::uint64_t n = 0; n < 100; ++n) {
    CHECK(sampler.draw(n) % 2 == 1);
    CHECK(negatives.draw(0, n) == 3);
    CHECK(negatives.draw(7, n) % 2 == 1);
  }
}

TEST_CASE("gradients of pairwise ranking are those of central differences") {
  const dataset data = test::random_dataset(200, 20, 30, 1);
  const training_events events = detail::events_of(data);
  for (const int negatives : {1, 3}) {
    detail::bpr_objective goal(events, data, {.negatives = negatives}, 1);
    const some_batch some(9, events);
    const auto each = static_cast<std::size_t>(1 + negatives);
    std::vector<nn::sample> samples;
    goal.choose(some.batch(), samples);
    REQUIRE(samples.size() == 9 * each);
    CHECK(goal.most_samples(9) == 9 * each);
    for (std::size_t n = 0; n < samples.size(); ++n) {
      const auto event = static_cast<std::size_t>(some.numbers[n / each]);
      CHECK(samples[n].user == events.users[event]);
      const auto own = data.by_user(samples[n].user).indices();
      if (n % each == 0)
        CHECK(samples[n].item == events.items[event]);
      else
        CHECK(!std::binary_search(own.begin(), own.end(), samples[n].item));
    }
    check_objective(goal, some.batch(), samples.size(), 1, 1, [&](const std::vector<double>& out) {
      double loss = 0;
      for (std::size_t n = 0; n < samples.size(); ++n)
        if (n % each != 0)
          loss +=
              static_cast<double>(events.weight(static_cast<std::size_t>(some.numbers[n / each]))) *
              std::log1p(std::exp(out[n] - out[n / each * each])) / negatives;
      return loss;
    });
  }
}

TEST_CASE("gradients of warp are those of central differences") {
  const dataset data = test::random_dataset(200, 20, 30, 1);
  std::size_t rated = 0;
  for (index i = 0; i < 30; ++i) rated += data.by_item(i).empty() ? 0U : 1U;
  const training_events events = detail::events_of(data);
  constexpr std::size_t trials = 5;
  detail::warp_objective goal(events, data, {.trials = trials}, 1);
  const some_batch some(40, events);
  std::vector<nn::sample> samples;
  goal.choose(some.batch(), samples);
  REQUIRE(samples.size() == 40 * (1 + trials));
  CHECK(goal.most_samples(40) == samples.size());
  std::size_t far = 0;
  check_objective(goal, some.batch(), samples.size(), 1, 1, [&](const std::vector<double>& out) {
    double loss = 0;
    far = 0;
    for (std::size_t e = 0; e < 40; ++e) {
      std::size_t drawn = 1;
      const auto margin = [&] { return 1 + out[e * (1 + trials) + drawn] - out[e * (1 + trials)]; };
      while (drawn <= trials && margin() <= 0) ++drawn;
      far += drawn > trials ? 1U : 0U;
      if (drawn > trials) continue;
      double rank_weight = 0;
      for (std::size_t r = 1; r <= (rated - 1) / drawn; ++r)
        rank_weight += 1 / static_cast<double>(r);
      loss += static_cast<double>(events.weight(static_cast<std::size_t>(some.numbers[e]))) *
              rank_weight * margin();
    }
    return loss;
  });
  CHECK(far < 40);
}

TEST_CASE("gradients of softmax over candidates are those of central differences") {
  const dataset data = test::random_dataset(200, 20, 30, 1);
  const training_events events = detail::events_of(data);
  const backend::serial backend;
  const detail::host_loop loop(backend);
  for (const std::size_t dimensions : {3U, 16U})
    for (const std::size_t negatives : {0U, 5U, 48U})
      for (const bool log_q : {false, true}) {
        const detail::softmax_plan plan{.negatives = negatives, .temperature = 0.7, .log_q = log_q};
        const double power = negatives == 0 ? 1 : 0.5;
        softmax_objective goal(events, popularity_sampler(data, power, 1), plan, dimensions, 40,
                               loop);
        for (const std::size_t count : {1U, 37U}) {
          const some_batch some(count, events);
          const event_batch batch = some.batch();
          std::vector<nn::sample> samples;
          goal.choose(batch, samples);
          REQUIRE(samples.size() == count + negatives);
          const naive_softmax naive(events, batch, samples, plan, dimensions,
                                    naive_log_q(data, power));
          check_objective(goal, batch, samples.size(), 2 * nn::padded(dimensions), dimensions,
                          naive);
        }
      }
}

TEST_CASE("a softmax over candidates has the same bits on any number of threads") {
  const dataset data = test::random_dataset(900, 90, 60, 1);
  const training_events events = detail::events_of(data);
  for (const std::size_t negatives : {0U, 70U}) {
    const auto gradients_on = [&](const auto& backend) {
      const detail::host_loop loop(backend);
      softmax_objective goal(events, popularity_sampler(data, 1, 1), {.negatives = negatives}, 8,
                             300, loop);
      const some_batch some(300, events);
      test::owned_matrix outputs(300 + negatives, 32);
      outputs.draw(3);
      test::owned_matrix gradients(300 + negatives, 32);
      (void)goal.judge(some.batch(), outputs.view(), gradients.view());
      std::vector<float> all;
      for (std::size_t r = 0; r < 300 + negatives; ++r)
        for (std::size_t c = 0; c < 32; ++c) all.push_back(gradients(r, c));
      return all;
    };
    const auto reference = gradients_on(backend::serial{});
    for (const int threads : {1, 2, 8})
      CHECK(test::on_threads(threads, [&] { return gradients_on(backend::tbb{}); }) == reference);
  }
}

}  // namespace kindred::ranking_objectives_test
