#pragma once

#include <kindred/backend/rating_tiles.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/ranking_sgd.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/negative_sampler.hpp>
#include <kindred/model/detail/ranking/block_items.hpp>
#include <kindred/model/detail/ranking/rank_weights.hpp>
#include <kindred/model/detail/ranking/ranking_setup.hpp>
#include <kindred/model/detail/ranking/triple_maker.hpp>
#include <kindred/nn/sigmoid.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Rows of a padded matrix take a multiple of the widest registers.
[[nodiscard]] constexpr std::size_t padded_ranking_row(std::size_t factors) noexcept {
  constexpr std::size_t multiple = kernel::sgd_row_multiple;
  return (factors + multiple - 1) / multiple * multiple;
}

/// Stochastic gradient descent on triples of a user, an item chosen and one not chosen. The blocks
/// of the tiles are paired, those of items anew in each epoch, and negatives are drawn from the two
/// blocks of the positive: so squares of two by two tiles on one wrapped diagonal share no row, and
/// run in any order on any number of threads with one result, as those of rating_tiles do.
class ranking_trainer {
 public:
  /// All must outlive it.
  ranking_trainer(const dataset& train, const rating_tiles& tiles, const ranking_setup& setup,
                  const host_loop& loop, const std::stop_token& stop)
      : train_(train),
        tiles_(tiles),
        setup_(setup),
        loop_(loop),
        stop_(stop),
        stride_(padded_ranking_row(setup.factors)),
        pass_(kernel::select_ranking_sgd_kernel(setup.loss, stride_)),
        pools_(tiles.items(), train.item_offsets(), setup.popularity_power),
        rank_weights_(make_rank_weights(pools_.size(), setup.trials)),
        users_(make_side(tiles.users(), train.user_offsets(), 1)),
        items_(make_side(tiles.items(), train.item_offsets(), 2)) {}

  epoch_result run_epoch(int epoch) {
    const double rate = scheduled_learning_rate(setup_.schedule, setup_.learning_rate,
                                                setup_.learning_rate_decay, epoch);
    const auto number = static_cast<std::uint64_t>(epoch);
    const std::size_t squares = tiles_.blocks() / 2;
    const random_permutation order(tiles_.blocks(), setup_.seed + 2 * number);
    const random_permutation rounds(squares, setup_.seed + 2 * number + 1);
    const counter_rng random(setup_.seed, (std::uint64_t{0x72616e6bU} << 32) | number);
    const kernel::ranking_step step = step_of(rate);
    std::vector<double> losses(squares);
    double total = 0;
    for (std::size_t r = 0; r < squares && !stop_.stop_requested(); ++r) {
      const auto shift = static_cast<std::size_t>(rounds(r));
      for_each_index(loop_, squares, [&](std::size_t s) {
        const std::size_t pair = (s + shift) % squares;
        losses[s] = run_square({{2 * s, 2 * s + 1},
                                {static_cast<std::size_t>(order(2 * pair)),
                                 static_cast<std::size_t>(order(2 * pair + 1))}},
                               random, step);
      });
      total = std::accumulate(losses.begin(), losses.end(), total);
    }
    return {.squared_error = std::numeric_limits<double>::quiet_NaN(),
            .learning_rate = rate,
            .loss = total / static_cast<double>(train_.size())};
  }

  [[nodiscard]] double validation_rmse(const dataset&) const noexcept {
    return std::numeric_limits<double>::quiet_NaN();
  }
  /// The loss, of weight 1, against one item each that is drawn uniformly and the same in every
  /// epoch.
  [[nodiscard]] double validation_loss(const dataset& validation) const {
    const negative_sampler sampler(train_, setup_.seed + 1);
    const auto offsets = validation.user_offsets();
    const auto items = validation.row_items();
    const double sum =
        sum_over(loop_, static_cast<std::size_t>(validation.num_users()), [&](std::size_t u) {
          double of_user = 0;
          for (auto row = static_cast<std::size_t>(offsets[u]);
               row < static_cast<std::size_t>(offsets[u + 1]); ++row) {
            const auto user = static_cast<index>(u);
            of_user += loss(score(user, items[row]), score(user, sampler.draw(user, row)));
          }
          return of_user;
        });
    return sum / static_cast<double>(validation.size());
  }

  void keep() {
    kept_users_ = users_;
    kept_items_ = items_;
  }
  void restore() {
    users_ = std::move(kept_users_);
    items_ = std::move(kept_items_);
  }

  [[nodiscard]] ranking_factors factors() const {
    ranking_factors result;
    aligned_vector<float> user_biases;
    gather(users_, tiles_.users(), result.users, user_biases);
    gather(items_, tiles_.items(), result.items, result.item_biases);
    return result;
  }

 private:
  /// Users or items: factor rows and what goes with them, in the order of the tiles.
  struct side {
    aligned_vector<float> factors;
    aligned_vector<kernel::sgd_row<float>> rows;
  };

  /// Where few rows are stepped, so that they are in the cache nearest to the core from the draw of
  /// the triple to its step.
  static constexpr std::size_t triples_at_once = 32;

  /// Uniform initial factors; a row without ratings is zero.
  [[nodiscard]] side make_side(const block_order& order, std::span<const index> offsets,
                               std::uint64_t stream) const {
    side made{aligned_vector<float>(order.size() * stride_, 0.0F),
              aligned_vector<kernel::sgd_row<float>>(order.size())};
    const counter_rng random(setup_.seed, stream);
    const auto width = static_cast<float>(2 * std::sqrt(3.0) * setup_.init_scale);
    for_each_index(loop_, order.size(), [&](std::size_t p) {
      made.rows[p] = {};
      const auto i = static_cast<std::size_t>(order.index_at(p));
      if (offsets[i + 1] == offsets[i]) return;
      float* const row = made.factors.data() + p * stride_;
      for (std::size_t f = 0; f < setup_.factors; f += 4) {
        const auto bits = random.block(i * stride_ + f);
        for (std::size_t k = f; k < std::min(f + 4, setup_.factors); ++k)
          row[k] = width * (static_cast<float>(bits[k - f]) * 0x1.0p-32F - 0.5F);
      }
    });
    return made;
  }

  [[nodiscard]] kernel::ranking_step step_of(double rate) const noexcept {
    const auto negatives = static_cast<double>(setup_.negatives);
    return {.learning_rate = static_cast<float>(rate),
            .bias_learning_rate = setup_.biases ? static_cast<float>(rate) : 0.0F,
            .regularization = static_cast<float>(setup_.regularization / negatives),
            .bias_regularization = static_cast<float>(setup_.bias_regularization / negatives),
            .per_factor = 1 / static_cast<float>(setup_.factors),
            .adagrad = setup_.schedule == learning_rate_schedule::adagrad};
  }

  [[nodiscard]] kernel::sgd_matrices<float> matrices() noexcept {
    return {users_.factors.data(), items_.factors.data(), users_.rows.data(), items_.rows.data(),
            stride_};
  }

  double run_square(const tile_square& square, const counter_rng& random,
                    const kernel::ranking_step& step) {
    triple_maker maker(train_, tiles_, pools_, square, random);
    double total = 0;
    for (std::size_t k = 0; k < setup_.negatives; ++k)
      for (const std::size_t u : square.users)
        for (const std::size_t i : square.items)
          total += run_tile(tiles_.tile(u, i), k, maker, step);
    return total;
  }

  double run_tile(const kernel::sgd_tile& tile, std::size_t round, triple_maker& maker,
                  const kernel::ranking_step& step) {
    const auto first = static_cast<std::uint64_t>(tile.ratings - tiles_.tile(0, 0).ratings) +
                       static_cast<std::uint64_t>(round) * train_.size();
    const std::size_t run = tile.count / kernel::sgd_runs;
    kernel::ranking_triple triples[triples_at_once];
    std::size_t count = 0;
    double total = 0;
    for (std::size_t n = 0; n < tile.count; ++n) {
      // Several runs in turn, as in sgd: ratings that follow each other are of one user.
      const std::size_t at =
          n < run * kernel::sgd_runs ? n % kernel::sgd_runs * run + n / kernel::sgd_runs : n;
      triples[count] = triple(tile, at, first + n, maker);
      if (triples[count].negative == unknown_index) continue;
      if (++count < triples_at_once) continue;
      total += pass_(triples, count, matrices(), step);
      count = 0;
    }
    return total + pass_(triples, count, matrices(), step);
  }

  [[nodiscard]] kernel::ranking_triple triple(const kernel::sgd_tile& tile, std::size_t at,
                                              std::uint64_t number, triple_maker& maker) noexcept {
    const kernel::tile_rating& rating = tile.ratings[at];
    auto weight = static_cast<float>(setup_.alpha / static_cast<double>(setup_.negatives));
    if (setup_.values == interaction_value::rating) weight *= rating.value;
    if (tile.weights != nullptr) weight *= tile.weights[at];
    if (setup_.trials == 0)
      return {rating.user, rating.item, maker.negative(rating.user, number), weight};
    std::size_t drawn = 0;
    const index found =
        maker.violator(rating.user, rating.item, number, setup_.trials, matrices(), drawn);
    return {rating.user, rating.item, found,
            found == unknown_index ? 0 : weight * rank_weights_[drawn - 1]};
  }

  [[nodiscard]] float score(index user, index item) const noexcept {
    if (item >= train_.num_items()) return 0;
    const auto q = static_cast<std::size_t>(tiles_.items().position_of(item));
    if (user >= train_.num_users()) return items_.rows[q].bias;
    const auto p = static_cast<std::size_t>(tiles_.users().position_of(user));
    return users_.rows[p].bias + items_.rows[q].bias +
           kernel::dot(users_.factors.data() + p * stride_, items_.factors.data() + q * stride_,
                       stride_);
  }
  [[nodiscard]] double loss(float positive, float negative) const noexcept {
    switch (setup_.loss) {
      case kernel::pair_loss::logistic:
        return static_cast<double>(nn::softplus(negative - positive));
      case kernel::pair_loss::hinge:
        return std::max(0.0, 1.0 + static_cast<double>(negative - positive));
      default:
        return static_cast<double>(nn::softplus(-positive) + nn::softplus(negative));
    }
  }

  void gather(const side& from, const block_order& order, aligned_vector<float>& factors,
              aligned_vector<float>& biases) const {
    factors.resize(order.size() * setup_.factors);
    biases.resize(order.size());
    for_each_index(loop_, order.size(), [&](std::size_t i) {
      const auto p = static_cast<std::size_t>(order.position_of(static_cast<index>(i)));
      std::copy_n(from.factors.data() + p * stride_, setup_.factors,
                  factors.data() + i * setup_.factors);
      biases[i] = from.rows[p].bias;
    });
  }

  const dataset& train_;
  const rating_tiles& tiles_;
  const ranking_setup setup_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  std::size_t stride_;
  kernel::ranking_sgd_kernel pass_;
  block_items pools_;
  std::vector<float> rank_weights_;
  side users_;
  side items_;
  side kept_users_;
  side kept_items_;
};

}  // namespace kindred::detail
