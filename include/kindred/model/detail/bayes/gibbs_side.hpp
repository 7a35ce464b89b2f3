#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/detail/als/half_step.hpp>
#include <kindred/model/detail/als/row_problem.hpp>
#include <kindred/model/detail/als/row_solvers.hpp>
#include <kindred/model/detail/bayes/population.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/similarity.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

namespace kindred::detail {

/// Users, or items, of a Markov chain. A user's row is its bias, its factors and 1, an item's is 1,
/// its factors and its bias, so that the inner product of the two is all that a rating depends on
/// of them. Rows are padded by zeros; one without ratings is nothing but zeros.
struct gibbs_side {
  rating_lists ratings;
  std::size_t factors = 0;
  bool items = false;
  aligned_vector<float> rows;

  gibbs_side(const dataset& train, axis side, std::size_t factor_count)
      : ratings(lists_of(train, side)),
        factors(factor_count),
        items(side == axis::items),
        rows(size() * width(), 0.0F) {}

  [[nodiscard]] std::size_t size() const noexcept { return ratings.rows(); }
  [[nodiscard]] std::size_t width() const noexcept { return padded_factors(factors + 2); }
  [[nodiscard]] bool rated(std::size_t row) const noexcept {
    return ratings.offsets[row + 1] > ratings.offsets[row];
  }
  /// The numbers of a row that are its own, all but the 1: `factors` + 1 from here on.
  [[nodiscard]] std::size_t first() const noexcept { return items ? 1 : 0; }
  [[nodiscard]] std::size_t bias() const noexcept { return items ? factors + 1 : 0; }
  [[nodiscard]] std::size_t one() const noexcept { return items ? 0 : factors + 1; }

  [[nodiscard]] float* row(std::size_t r) noexcept { return rows.data() + r * width(); }
  [[nodiscard]] const float* row(std::size_t r) const noexcept { return rows.data() + r * width(); }
  /// The rows of the other side that a row has ratings of.
  [[nodiscard]] kernel::gathered_rows<float> rated_rows(std::size_t r,
                                                        const gibbs_side& other) const noexcept {
    return {other.rows.data(), width(), width(), ratings[r].indices.data(), ratings[r].size()};
  }

  /// Starts with rows around 0.
  void draw(const host_loop& loop, const counter_rng& random, double deviation) {
    for_each_index(loop, size(), [&](std::size_t r) {
      if (!rated(r)) return;
      for (std::size_t f = 0; f <= factors; ++f)
        row(r)[first() + f] = static_cast<float>(deviation * random.normal(r * width() + f));
      row(r)[one()] = 1;
    });
  }

  /// What the rated rows come to: the Gramian holds it all, thanks to the 1 in each.
  [[nodiscard]] row_totals totals(const host_loop& loop) const {
    const aligned_vector<float> gramian = gramian_of(loop, rows, width());
    const auto at = [&](std::size_t i, std::size_t j) {
      return static_cast<double>(gramian[i * width() + j]);
    };
    row_totals totals{at(one(), one()), {}, square_matrix(factors + 1)};
    for (std::size_t i = 0; i <= factors; ++i) {
      totals.sum.push_back(at(first() + i, one()));
      for (std::size_t j = 0; j <= factors; ++j)
        totals.squares(i, j) = at(first() + i, first() + j);
    }
    return totals;
  }
};

/// What the rows of one side are drawn from, given those of the other: a rating of weight w is
/// normal with the precision w noise_precision around mean + the inner product of its rows.
struct row_conditions {
  std::span<const double> prior_mean;
  const square_matrix& prior_precision;
  double noise_precision = 1;
  double mean = 0;
};

/// Draws all rows of a side anew, in parallel: first the long ones, each by all threads, then many
/// at a time (Salakhutdinov, Mnih 2008, eq. 11). O(n k^2 + k^3) for a row with n ratings. The same
/// bits on any number of threads.
class row_draws {
 public:
  /// All must outlive it.
  row_draws(const host_loop& loop, gibbs_side& own, const gibbs_side& other,
            const row_conditions& given, const counter_rng& random, const std::stop_token& stop)
      : loop_(loop),
        own_(own),
        other_(other),
        given_(given),
        random_(random),
        stop_(stop),
        precision_(own.width() * own.width(), 0.0F),
        shift_(own.width(), 0.0F),
        ridge_(own.width(), 0.0F) {
    const std::size_t first = own.first();
    for (std::size_t i = 0; i <= own.factors; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j <= own.factors; ++j) {
        precision_[(first + i) * own.width() + first + j] =
            static_cast<float>(given.prior_precision(i, j));
        sum += given.prior_precision(i, j) * given.prior_mean[j];
      }
      shift_[first + i] = static_cast<float>(sum);
    }
  }

  void run() {
    scratch alone(own_);
    for (std::size_t r = 0; r < own_.size() && !stop_.stop_requested(); ++r)
      if (is_long(r)) draw(r, alone, &loop_);
    loop_(own_.size(), [&](std::size_t first, std::size_t last) {
      scratch mine(own_);
      for (std::size_t r = first; r < last && !stop_.stop_requested(); ++r)
        if (own_.rated(r) && !is_long(r)) draw(r, mine, nullptr);
    });
  }

 private:
  static constexpr std::size_t long_row = 8192;

  struct scratch {
    explicit scratch(const gibbs_side& side)
        : system(side.width()), right(side.width()), noise(side.factors + 1) {}

    block_system system;
    std::vector<float> weights;
    std::vector<float> targets;
    aligned_vector<float> right;
    std::vector<float> noise;
  };

  [[nodiscard]] bool is_long(std::size_t r) const noexcept {
    return own_.ratings[r].size() >= long_row;
  }

  void draw(std::size_t r, scratch& with, const host_loop* loop) {
    describe(r, with);
    const row_problem problem{own_.rated_rows(r, other_), precision_.data(), with.weights.data(),
                              with.targets.data(),        ridge_.data(),     loop};
    std::ranges::copy(shift_, with.right.begin());
    add_up(problem, with.right, [&](std::size_t begin, std::size_t end, float* part) {
      kernel::add_rows(problem.rows.part(begin, end), problem.targets + begin, part);
    });
    for (std::size_t f = 0; f < with.noise.size(); ++f)
      with.noise[f] = static_cast<float>(random_.normal(r * own_.width() + f));
    const std::span<float> drawn(with.right.data() + own_.first(), own_.factors + 1);
    with.system.solve(problem, own_.first(), drawn, with.noise.data());
    std::ranges::copy(drawn, own_.row(r) + own_.first());
  }

  /// How much each rating counts, and what of it is left to be explained by the row.
  void describe(std::size_t r, scratch& with) const {
    const weighted_ratings rated = own_.ratings[r];
    with.weights.resize(rated.size());
    with.targets.resize(rated.size());
    for (std::size_t n = 0; n < rated.size(); ++n) {
      const auto of_other = static_cast<std::size_t>(rated.indices[n]);
      const double rest = static_cast<double>(rated.values[n]) - given_.mean -
                          static_cast<double>(other_.row(of_other)[other_.bias()]);
      const double weight = given_.noise_precision * rated.weight(n);
      with.weights[n] = static_cast<float>(weight);
      with.targets[n] = static_cast<float>(weight * rest);
    }
  }

  const host_loop& loop_;
  gibbs_side& own_;
  const gibbs_side& other_;
  const row_conditions& given_;
  const counter_rng& random_;
  const std::stop_token& stop_;
  aligned_vector<float> precision_;  ///< of the prior, in the columns of a row
  aligned_vector<float> shift_;      ///< that precision times the prior's mean
  aligned_vector<float> ridge_;
};

}  // namespace kindred::detail
