#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/feature_field.hpp>
#include <kindred/model/detail/bayes/population.hpp>
#include <kindred/model/detail/bayes/variates.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/fm_als.hpp>
#include <kindred/model/detail/neural/fm_side.hpp>
#include <kindred/model/detail/neural/fm_vectors.hpp>
#include <kindred/model/detail/neural/rating_objective.hpp>
#include <kindred/model/factorization_machine_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// A Markov chain of factorization machines, an epoch a sweep (Rendle, "Factorization machines with
/// libFM", TIST 3(3), 2012, algorithm 3): it steps as fm_als does, but to draws from what is left
/// of each parameter by all others. The parameters of a field in a column are from a population of
/// their own, and the noise of ratings is drawn, too.
///
/// The mean of machines is a machine: its weights are the means, and its vectors those of all draws
/// side by side, divided by the root of how many there are.
class fm_gibbs : public fm_als {
 public:
  /// All must outlive it.
  fm_gibbs(const feature_encoder& features, const dataset& train,
           const factorization_machine_options& options, const task_loss& task,
           const host_loop& loop, const std::stop_token& stop)
      : fm_als(features, train, options,
               {.init_scale = options.mcmc.init_scale, .seed = options.mcmc.seed}, task, loop,
               stop),
        chain_(options.mcmc),
        squares_(squares_by_slot()),
        centers_(slots_, 0.0) {}

  epoch_result run_epoch(int sweep) {
    const double squared = squared_errors(false);
    variates of_noise = random(sweep, 0);
    const auto count = static_cast<double>(events_.size());
    fm_noise noise{stream(sweep, 1),
                   of_noise.gamma((1 + count) / 2) / ((1 + squared_errors(true)) / 2)};
    step_bias(0, &noise);
    for (std::size_t c = 0; c <= factors_ && !stop_.stop_requested(); ++c) {
      fm_column drawn = column(c);
      draw_populations(drawn, random(sweep, 2 + 2 * c));
      noise.random = stream(sweep, 3 + 2 * c);
      drawn.penalty = 1 / noise.precision;
      drawn.centers = centers_;
      drawn.noise = &noise;
      descend(drawn);
    }
    store(sweep);
    return {.squared_error = squared, .learning_rate = 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    return rmse_of(validation, parameters());
  }

  void keep() { kept_draws_ = draws_; }
  void restore() { draws_ = kept_draws_; }

  /// The mean of the draws.
  [[nodiscard]] fm_parameters parameters() const {
    const std::size_t width = factors_ * draws_.size();
    const auto count = static_cast<double>(draws_.size());
    const auto scale = static_cast<float>(1 / std::sqrt(count));
    aligned_vector<float> weights(slots_);
    aligned_vector<float> vectors(slots_ * width);
    double bias = 0;
    for (const numbers& one : draws_) bias += one.bias / count;
    for_each_index(loop_, slots_, [&](std::size_t slot) {
      double weight = 0;
      float* to = vectors.data() + slot * width;
      for (const numbers& one : draws_) {
        weight += static_cast<double>(one.columns[slot]) / count;
        for (std::size_t k = 0; k < factors_; ++k)
          *to++ = scale * one.columns[(1 + k) * slots_ + slot];
      }
      weights[slot] = static_cast<float>(weight);
    });
    return {bias, width, std::move(weights), std::move(vectors)};
  }

 private:
  [[nodiscard]] counter_rng stream(int sweep, std::uint64_t purpose) const noexcept {
    return counter_rng(chain_.seed, (static_cast<std::uint64_t>(sweep) << 16) | purpose);
  }
  [[nodiscard]] variates random(int sweep, std::uint64_t purpose) const noexcept {
    return variates(stream(sweep, purpose));
  }

  /// One for each field, from its parameters that ratings have.
  void draw_populations(const fm_column& of, variates from) {
    for (const auto fields :
         {features_.user_fields(), features_.item_fields(), features_.context_fields()})
      for (const feature_field& field : fields) {
        row_totals totals{0, {0.0}, square_matrix(1)};
        const auto begin = static_cast<std::size_t>(field.first_slot);
        const auto end = static_cast<std::size_t>(field.end_slot());
        for (std::size_t slot = begin; slot < end; ++slot) {
          if (squares_[slot] == 0) continue;
          const auto x = static_cast<double>(of.numbers[slot]);
          totals.count += 1;
          totals.sum[0] += x;
          totals.squares(0, 0) += x * x;
        }
        const population people({}, totals, from);
        std::fill(scales_.begin() + field.first_slot, scales_.begin() + field.end_slot(),
                  people.precision()(0, 0));
        std::fill(centers_.begin() + field.first_slot, centers_.begin() + field.end_slot(),
                  people.mean()[0]);
      }
  }

  /// Within the burn-in the last sweep is all that there is; it gives way to the first draw.
  void store(int sweep) {
    const int later = sweep - chain_.burn_in;
    if (later > 0 && later % chain_.thinning != 0) return;
    draws_.resize(static_cast<std::size_t>(std::max(0, later / chain_.thinning - 1)));
    draws_.push_back(numbers_);
  }

  const fm_mcmc_options& chain_;
  std::vector<double> squares_;  ///< of each slot's values in all ratings
  std::vector<double> centers_;
  std::vector<numbers> draws_;
  std::vector<numbers> kept_draws_;
};

}  // namespace kindred::detail
