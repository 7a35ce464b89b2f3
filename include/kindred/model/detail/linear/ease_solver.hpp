#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/model/detail/linear/gram_inverse.hpp>
#include <kindred/model/detail/linear/symmetric_inverse.hpp>
#include <kindred/model/detail/rated_items.hpp>
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

/// Finds the weights of `ease`, in the matrix that first holds what they come from.
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
        matrix_(size_ * size_) {}

  epoch_result run_epoch(int /*epoch*/) {
    const gram_inverse<Backend, Scalar> inverse(backend_, train_, rated_, options_, stop_);
    const bool inverted = inverse.run(matrix_.data());
    if (stop_.stop_requested()) return {};
    if (!inverted)
      throw data_error("ease: regularization " + to_text(options_.regularization) +
                       " is lost in the rounding of these data: raise it, or use ease<double>");
    const double cells = static_cast<double>(train_.num_users()) * static_cast<double>(size_);
    return {finish(inverse.penalties()) / cells * static_cast<double>(train_.size()), 1};
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

  /// Turns -P into B = I - P diag(1 / diag P). Returns the squared error over all cells: that of
  /// column j and the penalty of its weights come to 1 / P_jj - penalty_j.
  [[nodiscard]] double finish(std::span<const double> penalties) {
    std::vector<Scalar> scale(size_);
    for (std::size_t i = 0; i < size_; ++i) scale[i] = -1 / at(i, i);
    for_each_below_diagonal(backend_, size_, [&](std::size_t i, std::size_t j) {
      const Scalar product = at(i, j);
      at(i, j) = product * scale[j];
      at(j, i) = product * scale[i];
    });
    return backend_.sum_range(size_, [&](std::size_t first, std::size_t last) {
      double squared = 0;
      for (std::size_t i = first; i < last; ++i) {
        at(i, i) = 0;
        const Scalar norm = kernel::dot(&at(i, 0), &at(i, 0), size_);
        squared += static_cast<double>(scale[i]) - penalties[i] * (1 + static_cast<double>(norm));
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
};

}  // namespace kindred::detail
