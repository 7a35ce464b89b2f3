#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/model/detail/rated_items.hpp>
#include <kindred/model/detail/symmetric_inverse.hpp>
#include <kindred/model/ease_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Finds the weights of `ease` in one matrix: first the Gram matrix of the items, then its
/// penalised inverse, then the weights.
template <host_backend Backend, class Scalar>
class ease_solver {
 public:
  /// `train` and `stop` must outlive it.
  ease_solver(const Backend& backend, const dataset& train, const ease_options& options,
              const std::stop_token& stop)
      : backend_(backend),
        train_(train),
        rated_(train, options.values == interaction_value::rating),
        options_(options),
        stop_(stop),
        size_(static_cast<std::size_t>(train.num_items())),
        matrix_(size_ * size_),
        penalties_(size_) {}

  epoch_result run_epoch(int /*epoch*/) {
    backend_.for_range(size_, [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last && !stop_.stop_requested(); ++i) fill_gram_row(i);
    });
    symmetric_inverse<Backend, Scalar> inverse(backend_, matrix_.data(), size_);
    // No pivot of the exact matrix is less than its least eigenvalue, and that than the penalty.
    const bool inverted = inverse.run(static_cast<Scalar>(options_.regularization / 2), stop_);
    if (stop_.stop_requested()) return {};
    if (!inverted)
      throw data_error("ease: regularization " + to_text(options_.regularization) +
                       " is lost in the rounding of these data: raise it, or use ease<double>");
    const double cells = static_cast<double>(train_.num_users()) * static_cast<double>(size_);
    return {finish() / cells * static_cast<double>(train_.size()), 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    return rmse_of(backend_, validation, [&](index user, index item) {
      const item_values rated = rated_.of(user);
      const auto column = static_cast<std::size_t>(item);
      double score = 0;
      for (std::size_t k = 0; k < rated.items.size() && column < size_; ++k)
        score += static_cast<double>(rated.value(k)) *
                 static_cast<double>(at(static_cast<std::size_t>(rated.items[k]), column));
      return score;
    });
  }

  // There is but one epoch, so never another to go back to.
  void keep() const noexcept {}
  void restore() const noexcept {}

  [[nodiscard]] rated_items take_rated() { return std::move(rated_); }
  [[nodiscard]] aligned_vector<Scalar> take_weights() { return std::move(matrix_); }

 private:
  [[nodiscard]] Scalar& at(std::size_t row, std::size_t column) noexcept {
    return matrix_[row * size_ + column];
  }
  [[nodiscard]] const Scalar& at(std::size_t row, std::size_t column) const noexcept {
    return matrix_[row * size_ + column];
  }

  /// Row i of X'X up to its diagonal, and its penalty there.
  void fill_gram_row(std::size_t i) {
    Scalar* const row = &at(i, 0);
    std::fill_n(row, i + 1, Scalar{0});
    for (const auto [user, rating] : train_.by_item(static_cast<index>(i))) {
      const float own = rated_.counted(rating);
      const item_values of_user = rated_.of(user);
      for (std::size_t k = 0; static_cast<std::size_t>(of_user.items[k]) < i; ++k)
        row[of_user.items[k]] += static_cast<Scalar>(own * of_user.value(k));
      row[i] += static_cast<Scalar>(own * own);
    }
    penalties_[i] = options_.regularization +
                    options_.dropout / (1 - options_.dropout) * static_cast<double>(row[i]);
    row[i] += static_cast<Scalar>(penalties_[i]);
  }

  /// Turns -P into B = I - P diag(1 / diag P). Returns the squared error over all cells: that of
  /// column j and the penalty of its weights come to 1 / P_jj - penalty_j.
  double finish() {
    std::vector<Scalar> scale(size_);
    for (std::size_t i = 0; i < size_; ++i) scale[i] = -1 / at(i, i);
    constexpr std::size_t tile = 64;
    const auto tiles = lower_pairs((size_ + tile - 1) / tile);
    backend_.for_range(tiles.size(), [&](std::size_t first, std::size_t last) {
      for (std::size_t t = first; t < last; ++t)
        for (std::size_t i = tiles[t].first * tile;
             i < std::min(size_, (tiles[t].first + 1) * tile); ++i)
          for (std::size_t j = tiles[t].second * tile;
               j < std::min(i, (tiles[t].second + 1) * tile); ++j) {
            const Scalar product = at(i, j);
            at(i, j) = product * scale[j];
            at(j, i) = product * scale[i];
          }
    });
    return backend_.sum_range(size_, [&](std::size_t first, std::size_t last) {
      double squared = 0;
      for (std::size_t i = first; i < last; ++i) {
        at(i, i) = 0;
        const Scalar norm = kernel::dot(&at(i, 0), &at(i, 0), size_);
        squared += static_cast<double>(scale[i]) - penalties_[i] * (1 + static_cast<double>(norm));
      }
      return squared;
    });
  }

  Backend backend_;
  const dataset& train_;
  rated_items rated_;
  ease_options options_;
  const std::stop_token& stop_;
  std::size_t size_;
  aligned_vector<Scalar> matrix_;
  std::vector<double> penalties_;
};

}  // namespace kindred::detail
