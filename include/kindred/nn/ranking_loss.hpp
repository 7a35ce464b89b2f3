#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/softmax.hpp>
#include <kindred/nn/sigmoid.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>

/// Losses that compare the scores of items for one user: that of a positive, which the user chose,
/// with those of negatives.
namespace kindred::nn {

/// -log sigmoid(x), where x is how much higher the positive scores than a negative (Rendle,
/// Freudenthaler, Gantner, Schmidt-Thieme, "BPR: Bayesian personalized ranking from implicit
/// feedback", UAI 2009).
struct bpr {
  static constexpr std::string_view name = "bpr";
  int negatives = 1;  ///< drawn for each positive, >= 1

  [[nodiscard]] float value(float x) const noexcept { return softplus(-x); }
  [[nodiscard]] float derivative(float x) const noexcept { return -sigmoid(-x); }

  friend bool operator==(const bpr&, const bpr&) = default;
};

/// max(0, 1 - x) of the first of some negatives that scores less than 1 below the positive, times
/// 1 + 1/2 + ... + 1/r, where its place k among n items to rank estimates the positive's rank,
/// r = (n - 1) / k; 0 if there is none (Weston, Bengio, Usunier, "WSABIE: scaling up to large
/// vocabulary image annotation", IJCAI 2011).
struct warp {
  static constexpr std::string_view name = "warp";
  int trials = 10;  ///< negatives drawn for each positive, >= 1

  [[nodiscard]] float value(float x) const noexcept { return x < 1 ? 1 - x : 0; }
  [[nodiscard]] float derivative(float x) const noexcept { return x < 1 ? -1.0F : 0.0F; }

  friend bool operator==(const warp&, const warp&) = default;
};

/// The cross-entropy of a softmax over the positive and some negatives, which are drawn once for
/// the batch. With log_q, a score is lowered by the logarithm of its item's probability to be
/// drawn, so that the expected gradient comes near that of the softmax over all items (Bengio and
/// Senecal, "Adaptive importance sampling to accelerate training of a neural probabilistic language
/// model", IEEE Transactions on Neural Networks 2008).
struct sampled_softmax {
  static constexpr std::string_view name = "sampled_softmax";
  int negatives = 100;  ///< drawn for each batch, >= 1
  /// Items are drawn in proportion to their number of ratings to this power, in [0, 2]: 0 is
  /// uniformly.
  double popularity_power = 0;
  double temperature = 1;  ///< that scores are divided by, > 0
  bool log_q = true;

  friend bool operator==(const sampled_softmax&, const sampled_softmax&) = default;
};

/// The same with the batch's other positives for negatives, which come as often as they are popular
/// (Yi et al., "Sampling-bias-corrected neural modeling for large corpus item recommendations",
/// RecSys 2019, eq. 3 to 5).
struct in_batch_softmax {
  static constexpr std::string_view name = "in_batch_softmax";
  double temperature = 1;  ///< that scores are divided by, > 0
  bool log_q = true;

  friend bool operator==(const in_batch_softmax&, const in_batch_softmax&) = default;
};

/// Any of them, so that one is chosen as `.loss = nn::in_batch_softmax{.temperature = 0.1}`.
using ranking_loss = std::variant<bpr, sampled_softmax, in_batch_softmax, warp>;

/// Throws option_error for the first field outside its range.
inline void check_option(const ranking_loss& chosen) {
  std::visit(
      [](const auto& loss) {
        const auto field = [&](std::string_view member) {
          return std::string(loss.name) + '.' + std::string(member);
        };
        if constexpr (requires { loss.negatives; })
          require_option(loss.negatives >= 1, field("negatives"), loss.negatives,
                         "[1, 2147483647]");
        if constexpr (requires { loss.trials; })
          require_option(loss.trials >= 1, field("trials"), loss.trials, "[1, 2147483647]");
        if constexpr (requires { loss.popularity_power; })
          require_option(loss.popularity_power >= 0 && loss.popularity_power <= 2,
                         field("popularity_power"), loss.popularity_power, "[0, 2]");
        if constexpr (requires { loss.temperature; })
          require_option(loss.temperature >= 1e-6 && loss.temperature <= 1e6, field("temperature"),
                         loss.temperature, "[1e-6, 1e6]");
      },
      chosen);
}

/// -log softmax(logits)[positive]; puts in place of the logits the gradient by them, softmax minus
/// one-hot. A logit of minus infinity takes no part. Precondition: that of the positive is finite,
/// and none is plus infinity.
[[nodiscard]] inline float softmax_cross_entropy(std::span<float> logits_in_gradients_out,
                                                 std::size_t positive) noexcept {
  return kernel::softmax_cross_entropy({.scores = logits_in_gradients_out.data(),
                                        .count = logits_in_gradients_out.size(),
                                        .positive = positive});
}

/// What a row of scores belongs to.
struct scored_items {
  std::span<const index> items;  ///< one a score
  /// Logarithm of each one's probability to be drawn, or empty: no correction.
  std::span<const float> log_q{};
  std::size_t positive = 0;  ///< where the chosen item stands
};

/// One row of the softmax losses: the cross-entropy of scores / temperature - log_q, in which other
/// places of the positive's item take no part (accidental hits). Puts in place of the scores the
/// gradient by them.
[[nodiscard]] inline float softmax_loss(std::span<float> scores_in_gradients_out,
                                        const scored_items& of, double temperature = 1) noexcept {
  return kernel::softmax_cross_entropy({.scores = scores_in_gradients_out.data(),
                                        .count = scores_in_gradients_out.size(),
                                        .positive = of.positive,
                                        .sharpness = static_cast<float>(1 / temperature),
                                        .log_q = of.log_q.empty() ? nullptr : of.log_q.data(),
                                        .items = of.items.data()});
}

}  // namespace kindred::nn
