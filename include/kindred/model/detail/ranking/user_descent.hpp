#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/ranking_sgd.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/ranking/item_draws.hpp>
#include <kindred/model/detail/ranking/rank_weights.hpp>
#include <kindred/model/detail/ranking/ranking_setup.hpp>
#include <kindred/nn/sigmoid.hpp>
#include <kindred/train/learning_rate.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

/// An item that somebody chose.
struct chosen_item {
  index item;
  float weight;
};

/// Places one user among items that stay as they are: by steps down the loss of ranking_trainer, on
/// triples with negatives from all items.
class user_descent {
 public:
  /// All must outlive it; `chosen` ascends by item.
  user_descent(const ranking_setup& setup, const latent_view<float>& items, const item_draws& draws,
               std::span<const chosen_item> chosen)
      : setup_(setup),
        items_(items),
        draws_(draws),
        chosen_(chosen),
        random_(setup.seed, 0x666f6c64U),
        rank_weights_(make_rank_weights(draws.rated(), setup.trials)),
        row_(setup.factors, 0.0F),
        slope_(setup.factors) {}

  /// The mean of the vectors after each epoch of the later half: it wanders less than the last one
  /// (Polyak, Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on
  /// Control and Optimization 30(4), 1992).
  [[nodiscard]] std::vector<float> run(int epochs) {
    std::vector<float> mean(setup_.factors, 0.0F);
    const int first = epochs / 2 + 1;
    for (int epoch = 1; epoch <= epochs; ++epoch) {
      const double rate = scheduled_learning_rate(setup_.schedule, setup_.learning_rate,
                                                  setup_.learning_rate_decay, epoch);
      for (std::size_t k = 0; k < setup_.negatives; ++k)
        for (const chosen_item& positive : chosen_) step(positive, rate);
      if (epoch >= first)
        kernel::axpy(1 / static_cast<float>(epochs - first + 1), row_.data(), row_.size(),
                     mean.data());
    }
    return mean;
  }

 private:
  /// Minus the derivatives of a loss by the two scores.
  struct score_pulls {
    float positive;
    float negative;
  };
  struct drawn_item {
    index item = unknown_index;
    float score = 0;
    std::size_t draws = 0;  ///< that it took to find it
  };

  [[nodiscard]] score_pulls pulls(float x, float y, float weight) const noexcept {
    switch (setup_.loss) {
      case kernel::pair_loss::logistic: {
        const float pull = weight * nn::sigmoid(y - x);
        return {pull, -pull};
      }
      case kernel::pair_loss::hinge: {
        const float pull = 1 + y - x > 0 ? weight : 0;
        return {pull, -pull};
      }
      default:
        return {weight * nn::sigmoid(-x), -nn::sigmoid(y)};
    }
  }

  void step(const chosen_item& positive, double rate) noexcept {
    const float x = score(positive.item);
    const drawn_item negative = draw(x);
    if (negative.item == unknown_index) return;
    const auto negatives = static_cast<double>(setup_.negatives);
    auto weight = positive.weight * static_cast<float>(setup_.alpha / negatives);
    if (setup_.trials > 0) weight *= rank_weights_[negative.draws - 1];
    const auto [a, b] = pulls(x, negative.score, weight);
    const auto decay = static_cast<float>(setup_.regularization / negatives);
    const float* const q = items_.item(positive.item).data();
    const float* const n = items_.item(negative.item).data();
    for (std::size_t f = 0; f < row_.size(); ++f) slope_[f] = a * q[f] + b * n[f] - decay * row_[f];
    const double square =
        static_cast<double>(kernel::dot(slope_.data(), slope_.data(), slope_.size(), level_) /
                            static_cast<float>(row_.size()));
    kernel::axpy(rate_of(rate, square, curvature_), slope_.data(), row_.size(), row_.data(),
                 level_);
    if (!setup_.biases) return;
    const float bias_slope =
        a + b - static_cast<float>(setup_.bias_regularization / negatives) * bias_;
    bias_ +=
        rate_of(rate, static_cast<double>(bias_slope * bias_slope), bias_curvature_) * bias_slope;
  }

  /// The rate of a step whose squared gradient is added to `curvature`.
  [[nodiscard]] float rate_of(double rate, double square, double& curvature) const noexcept {
    if (setup_.schedule != learning_rate_schedule::adagrad) return static_cast<float>(rate);
    const double root = std::sqrt(curvature);
    curvature += square;
    return static_cast<float>(rate / root);
  }

  /// An item that was not chosen and, of warp, scores less than 1 below the score `x`.
  [[nodiscard]] drawn_item draw(float x) noexcept {
    constexpr std::size_t more_tries = 64;  // for somebody who chose nearly all
    const std::size_t most = std::max<std::size_t>(setup_.trials, 1);
    drawn_item found;
    for (std::size_t t = 0; t < most + more_tries && found.draws < most; ++t) {
      const index item = draws_.draw(random_.uniform(number_++));
      if (std::ranges::binary_search(chosen_, item, {}, &chosen_item::item)) continue;
      ++found.draws;
      found.score = score(item);
      if (setup_.trials > 0 && found.score <= x - 1) continue;
      found.item = item;
      return found;
    }
    return {};
  }

  [[nodiscard]] float score(index item) const noexcept {
    return bias_ + items_.item_biases[item] +
           kernel::dot(row_.data(), items_.item(item).data(), row_.size(), level_);
  }

  const ranking_setup& setup_;
  const latent_view<float>& items_;
  const item_draws& draws_;
  std::span<const chosen_item> chosen_;
  counter_rng random_;
  std::uint64_t number_ = 0;  ///< of the next draw
  std::vector<float> rank_weights_;
  kernel::simd_level level_ = kernel::best_simd_level();
  std::vector<float> row_;
  std::vector<float> slope_;
  double curvature_ = 1;
  float bias_ = 0;
  double bias_curvature_ = 1;
};

}  // namespace kindred::detail
