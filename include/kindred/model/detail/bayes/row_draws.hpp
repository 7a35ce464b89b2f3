#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/detail/als/half_step.hpp>
#include <kindred/model/detail/als/row_problem.hpp>
#include <kindred/model/detail/als/row_solvers.hpp>
#include <kindred/model/detail/bayes/population.hpp>
#include <kindred/model/detail/biased_side.hpp>
#include <kindred/model/detail/host_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

namespace kindred::detail {

/// What the rated rows come to: the Gramian holds it all, thanks to the 1 in each.
[[nodiscard]] inline row_totals totals_of(const host_loop& loop, const biased_side& side) {
  const aligned_vector<float> gramian = gramian_of(loop, side.rows, side.width());
  const auto at = [&](std::size_t i, std::size_t j) {
    return static_cast<double>(gramian[i * side.width() + j]);
  };
  row_totals totals{at(side.one(), side.one()), {}, square_matrix(side.factors + 1)};
  for (std::size_t i = 0; i <= side.factors; ++i) {
    totals.sum.push_back(at(side.first() + i, side.one()));
    for (std::size_t j = 0; j <= side.factors; ++j)
      totals.squares(i, j) = at(side.first() + i, side.first() + j);
  }
  return totals;
}

/// What the rows of one side are drawn from, given those of the other: a rating of weight w is
/// normal with the precision w noise_precision around mean + the inner product of its rows.
struct row_conditions {
  std::span<const double> prior_mean;
  const square_matrix& prior_precision;
  double noise_precision = 1;
  double mean = 0;
};

/// Draws all rows of a side anew, in parallel (Salakhutdinov, Mnih 2008, eq. 11). O(n k^2 + k^3)
/// for a row with n ratings. The same bits on any number of threads.
class row_draws {
 public:
  /// All must outlive it.
  row_draws(const host_loop& loop, biased_side& own, const biased_side& other,
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
    for_each_rated_row(
        loop_, own_, stop_, [this] { return scratch(own_); },
        [this](std::size_t r, scratch& with, const host_loop* loop) { draw(r, with, loop); });
  }

 private:
  struct scratch {
    explicit scratch(const biased_side& side)
        : system(side.width()), right(side.width()), noise(side.factors + 1) {}

    block_system system;
    rating_terms terms;
    aligned_vector<float> right;
    std::vector<float> noise;
  };

  void draw(std::size_t r, scratch& with, const host_loop* loop) {
    with.terms.set(own_, r, other_, given_.mean, given_.noise_precision);
    const row_problem problem{
        own_.rated_rows(r, other_), precision_.data(), with.terms.weights.data(),
        with.terms.targets.data(),  ridge_.data(),     loop};
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

  const host_loop& loop_;
  biased_side& own_;
  const biased_side& other_;
  const row_conditions& given_;
  const counter_rng& random_;
  const std::stop_token& stop_;
  aligned_vector<float> precision_;  ///< of the prior, in the columns of a row
  aligned_vector<float> shift_;      ///< that precision times the prior's mean
  aligned_vector<float> ridge_;
};

}  // namespace kindred::detail
