#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/gathered_rows.hpp>
#include <kindred/model/detail/als/row_problem.hpp>
#include <kindred/model/detail/als/row_solvers.hpp>
#include <kindred/model/detail/biased_factors.hpp>
#include <kindred/model/detail/biased_side.hpp>
#include <kindred/model/detail/held_rmse.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/nmf_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <stop_token>
#include <tuple>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Alternates between users and items. The normal equations of a row are built once, and then its
/// numbers are moved, one after the other, to where the errors are least, but not below zero.
class nmf_trainer {
 public:
  /// All must outlive it.
  nmf_trainer(const dataset& train, const nmf_options& options, const host_loop& loop,
              const std::stop_token& stop)
      : train_(train),
        options_(options),
        loop_(loop),
        stop_(stop),
        users_(train, axis::users, static_cast<std::size_t>(options.factors)),
        items_(train, axis::items, static_cast<std::size_t>(options.factors)) {
    start(users_, counter_rng(options.seed, 1));
    start(items_, counter_rng(options.seed, 2));
  }

  epoch_result run_epoch(int /*epoch*/) {
    step(users_, items_);
    step(items_, users_);
    return {.squared_error = squared_errors(loop_, users_, items_, mean(), false),
            .learning_rate = 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    const biased_factors<float> found = learned();
    return held_rmse(loop_, validation, {train_, options_.clip}, [&](index u, index i) {
      return found.rating(found.user(u), found.item(i), options_.biases);
    });
  }

  void keep() { kept_ = {users_.rows, items_.rows}; }
  void restore() { std::tie(users_.rows, items_.rows) = kept_; }

  /// Without biases, a row without ratings is the mean of those that have some.
  [[nodiscard]] biased_factors<float> learned() const {
    return {.factors = users_.factors,
            .mean = train_.mean(),
            .low = train_.min_value(),
            .high = train_.max_value(),
            .user_factors = factors_of(users_),
            .item_factors = factors_of(items_),
            .user_biases = biases_of(users_),
            .item_biases = biases_of(items_)};
  }

 private:
  struct scratch {
    explicit scratch(const biased_side& side)
        : system(side.width()), right(side.width()), ridge(side.width()) {}

    block_system system;
    rating_terms terms;
    aligned_vector<float> right;
    std::vector<float> ridge;
  };

  [[nodiscard]] double mean() const noexcept { return options_.biases ? train_.mean() : 0; }

  void start(biased_side& side, const counter_rng& random) {
    const double centre = options_.biases ? options_.init_scale
                                          : std::sqrt(std::abs(train_.mean()) / options_.factors);
    const std::size_t bias = side.bias() - side.first();
    side.fill(loop_, [&](std::size_t r, std::size_t n) {
      return n == bias ? 0 : 2 * centre * random.uniform(r * side.width() + n);
    });
  }

  void step(biased_side& own, const biased_side& other) {
    for_each_rated_row(
        loop_, own, stop_, [&own] { return scratch(own); },
        [&](std::size_t r, scratch& with, const host_loop* loop) {
          improve(own, r, other, with, loop);
        });
  }

  void improve(biased_side& own, std::size_t r, const biased_side& other, scratch& with,
               const host_loop* loop) const {
    with.terms.set(own, r, other, mean(), 1);
    const double scale =
        std::pow(static_cast<double>(own.ratings[r].size()), options_.frequency_exponent);
    std::ranges::fill(with.ridge, static_cast<float>(scale * options_.regularization));
    with.ridge[own.bias()] = static_cast<float>(scale * options_.bias_regularization);
    const row_problem problem{own.rated_rows(r, other),  nullptr,
                              with.terms.weights.data(), with.terms.targets.data(),
                              with.ridge.data(),         loop};
    std::ranges::fill(with.right, 0.0F);
    add_up(problem, with.right, [&](std::size_t begin, std::size_t end, float* part) {
      kernel::add_rows(problem.rows.part(begin, end), problem.targets + begin, part);
    });
    const std::size_t first = options_.biases ? own.first() : 1;
    const std::size_t size = own.factors + (options_.biases ? 1 : 0);
    float* const matrix = with.system.assemble(problem, first, size);
    const std::size_t stride = with.system.stride(size);
    for (std::size_t f = 0; f < size; ++f)
      for (std::size_t g = 0; g < f; ++g) matrix[f * stride + g] = matrix[g * stride + f];
    const std::span<float> numbers(own.row(r) + first, size);
    for (int sweep = 0; sweep < options_.sweeps; ++sweep)
      for (std::size_t f = 0; f < size; ++f) {
        const float* const row = matrix + f * stride;
        const float slope = with.right[first + f] - kernel::dot(row, numbers.data(), size);
        const float least = numbers[f] + slope / row[f];
        numbers[f] = first + f == own.bias() ? least : std::max(0.0F, least);
      }
  }

  [[nodiscard]] aligned_vector<float> factors_of(const biased_side& side) const {
    const std::size_t factors = side.factors;
    aligned_vector<float> rows(side.size() * factors);
    std::vector<double> sum(factors, 0.0);
    double count = 0;
    for (std::size_t r = 0; r < side.size(); ++r) {
      std::copy_n(side.row(r) + 1, factors, rows.data() + r * factors);
      count += side.rated(r) ? 1 : 0;
      for (std::size_t f = 0; f < factors; ++f) sum[f] += static_cast<double>(side.row(r)[1 + f]);
    }
    for (std::size_t r = 0; r < side.size() && !options_.biases; ++r)
      for (std::size_t f = 0; f < factors && !side.rated(r); ++f)
        rows[r * factors + f] = static_cast<float>(sum[f] / count);
    return rows;
  }
  [[nodiscard]] static aligned_vector<float> biases_of(const biased_side& side) {
    aligned_vector<float> biases(side.size());
    for (std::size_t r = 0; r < side.size(); ++r) biases[r] = side.row(r)[side.bias()];
    return biases;
  }

  const dataset& train_;
  const nmf_options& options_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  biased_side users_;
  biased_side items_;
  std::pair<aligned_vector<float>, aligned_vector<float>> kept_;
};

}  // namespace kindred::detail
