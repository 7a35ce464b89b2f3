#include <kindred/core/random.hpp>
#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/io/load_recommender.hpp>
#include <kindred/model/bpr.hpp>
#include <kindred/model/logistic_mf.hpp>
#include <kindred/model/warp.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "item_model_checks.hpp"
#include "planted_interactions.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::ranking_fold_in_test {

static_assert(folding_model<bpr>);
static_assert(folding_model<warp>);
static_assert(folding_model<logistic_mf>);

namespace {

using test::planted_interactions;

/// Two factors and the bias of a user.
using placed_user = std::array<double, 3>;

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

/// What training makes small on average, of one user who chose some items: with all pairs of an
/// item that was chosen and one that was not.
template <class Model>
class expected_loss {
 public:
  expected_loss(const Model& model, const dataset& train, std::span<const index> chosen)
      : model_(model), chosen_(chosen) {
    for (index i = 0; i < train.num_items(); ++i) {
      if (train.by_item(i).empty() || std::ranges::count(chosen, i) > 0) continue;
      others_.push_back(i);
      shares_.push_back(
          std::pow(static_cast<double>(train.by_item(i).size()), model.options().popularity_power));
      total_ += shares_.back();
    }
  }

  double operator()(const placed_user& user) const {
    const auto& o = model_.options();
    double sum = 0;
    for (const index i : chosen_) {
      const double x = score(user, i);
      double mean = 0;
      for (std::size_t j = 0; j < others_.size(); ++j)
        mean += shares_[j] / total_ * pair(x, score(user, others_[j]));
      sum += mean + o.regularization / 2 * (user[0] * user[0] + user[1] * user[1]) +
             o.bias_regularization / 2 * user[2] * user[2];
    }
    return sum;
  }

 private:
  double score(const placed_user& user, index item) const {
    const auto q = model_.latent().item(item);
    return user[0] * static_cast<double>(q[0]) + user[1] * static_cast<double>(q[1]) + user[2] +
           static_cast<double>(model_.latent().item_biases[item]);
  }
  double pair(double x, double y) const {
    const auto& o = model_.options();
    if constexpr (requires { o.trials; }) {
      return std::max(0.0, 1 + y - x);
    } else if constexpr (requires { o.alpha; }) {
      return o.alpha * softplus(-x) + o.negatives * softplus(y);
    } else {
      return softplus(y - x);
    }
  }

  const Model& model_;
  std::span<const index> chosen_;
  std::vector<index> others_;
  std::vector<double> shares_;
  double total_ = 0;
};

/// The least of a convex function over the numbers from `from` on: on grids, each around the best
/// point of the one before and half as wide.
template <class Function>
placed_user least(const Function& f, placed_user best, std::size_t from = 0) {
  constexpr int reach = 3;
  constexpr int side = 2 * reach + 1;
  double value = f(best);
  for (double step = 1; step > 1e-3; step /= 2) {
    const placed_user middle = best;
    for (int n = 0; n < side * side * side; ++n) {
      placed_user at = middle;
      int rest = n;
      for (std::size_t d = 0; d < at.size(); ++d, rest /= side)
        if (d >= from) at[d] += step * (rest % side - reach);
      const double of_it = f(at);
      if (of_it < value) {
        value = of_it;
        best = at;
      }
    }
  }
  return best;
}

template <class Model>
std::vector<float> folded(const Model& model, std::span<const index> items) {
  return model.fold_in(items, std::vector<float>(items.size(), 1.0F));
}

/// Scores the users of the training data as if they were new.
template <class Model>
struct refolded {
  const Model& model;
  const dataset& train;

  [[nodiscard]] index num_items() const noexcept { return model.num_items(); }
  [[nodiscard]] index num_users() const noexcept { return model.num_users(); }
  void score(index user, std::span<float> scores) const noexcept {
    const std::vector<float> p = folded(model, train.by_user(user).indices());
    const auto latent = model.latent();
    for (index i = 0; i < latent.num_items; ++i)
      scores[static_cast<std::size_t>(i)] =
          latent.item_biases[i] + kernel::dot(p.data(), latent.item(i).data(), p.size());
  }
};

}  // namespace

TEST_CASE_TEMPLATE("a new user gets the vector with the least loss", Model, bpr, warp,
                   logistic_mf) {
  const dataset train = planted_interactions(60, 50, 1);
  typename Model::options_type options{
      .factors = 2, .epochs = 400, .popularity_power = 0.5, .regularization = 0.02};
  if constexpr (requires { options.trials; }) {
    // One draw, and no penalty, which only some of the draws would bring: or it is no function that
    // is made small.
    options.trials = 1;
    options.regularization = 0;
  }
  Model model(options);
  model.fit(train);
  const std::vector<index> chosen = {3, 8, 14, 15, 22, 30, 41};
  const expected_loss loss(model, train, chosen);
  const std::vector<float> found = folded(model, chosen);
  // Whatever the user's bias is: it is not told, as it moves all scores alike.
  const placed_user own =
      least(loss, {static_cast<double>(found[0]), static_cast<double>(found[1]), 0}, 2);
  const double best = loss(least(loss, {}));
  const double at_zero = loss(least(loss, {}, 2));
  REQUIRE(at_zero - best > 0.1);
  CHECK(loss(own) - best < 0.02 * (at_zero - best));
}

TEST_CASE_TEMPLATE("users who are folded in are ranked for as if they had been there", Model, bpr,
                   warp, logistic_mf) {
  const auto parts = split_random(planted_interactions(300, 200, 1), {.seed = 1});
  Model model({.factors = 8, .epochs = 20, .regularization = 0.02});
  model.fit(parts.train);
  const auto auc_of = [&](const auto& judged) {
    return evaluate_ranking(judged, parts.train, parts.test, {.at = {10}}).auc;
  };
  CHECK(auc_of(refolded<Model>{model, parts.train}) > auc_of(model) - 0.02);
}

TEST_CASE_TEMPLATE("folding in depends on the interactions alone", Model, bpr, warp, logistic_mf) {
  const dataset train = planted_interactions(60, 50, 1);
  Model model({.factors = 8, .epochs = 5, .values = interaction_value::rating});
  model.fit(train);
  const std::vector<float> found =
      model.fold_in(std::vector<index>{4, 9, 20}, std::vector<float>{1, 2, 3});
  CHECK(found.size() == 8);
  const std::vector<index> shuffled = {20, -1, 4, 50, 9};
  CHECK(model.fold_in(shuffled, std::vector<float>{3, 1, 1, 1, 2}) == found);
  CHECK(model.fold_in(std::vector<index>{4, 9, 20}, std::vector<float>{1, 2, 4}) != found);

  const temporary_folder folder;
  save(model, folder.path("model"));
  CHECK(load_model<Model>(folder.path("model"))
            .fold_in(std::vector<index>{4, 9, 20}, std::vector<float>{1, 2, 3}) == found);

  CHECK(model.fold_in({}, {}) == std::vector<float>(8, 0.0F));
  std::vector<index> all;
  for (index i = 0; i < train.num_items(); ++i) all.push_back(i);
  CHECK(folded(model, all) == std::vector<float>(8, 0.0F));  // nothing is left to prefer them to

  CHECK_THROWS_AS((void)model.fold_in(all, {}), data_error);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -1.0F})
    CHECK_THROWS_AS((void)model.fold_in(std::vector<index>{1}, {&bad, 1}), data_error);
}

TEST_CASE("a recommender ranks for somebody new by bpr") {
  const dataset train = planted_interactions(60, 50, 1);
  bpr model({.factors = 8});
  model.fit(train);
  const recommender shop{model, train};
  const auto list = shop.recommend_from({{"3", 1.0F}, {"8", 1.0F}}, 48);
  CHECK(list.size() == 48);
  CHECK_FALSE(list.cold_start());
  for (const auto& [item, score] : list) CHECK((item != "3" && item != "8"));
}

}  // namespace kindred::ranking_fold_in_test
