#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/model/detail/linear/symmetric_inverse.hpp>
#include <kindred/model/detail/rated_items.hpp>
#include <kindred/model/ease_options.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

namespace kindred::detail {

/// P = (X'X + D)^-1 for the users by items matrix X of interactions and the diagonal D of the
/// penalties of `ease`: from the items' side, or, where users are so few that it costs less, from
/// theirs,
///   P = D^-1 - D^-1 X' (I + X D^-1 X')^-1 X D^-1  (Woodbury).
template <host_backend Backend, class Scalar>
class gram_inverse {
 public:
  /// `train`, `rated` and `stop` must outlive it.
  gram_inverse(const Backend& backend, const dataset& train, const rated_items& rated,
               const ease_options& options, const std::stop_token& stop)
      : backend_(backend),
        train_(train),
        rated_(rated),
        stop_(stop),
        regularization_(options.regularization),
        items_(static_cast<std::size_t>(train.num_items())),
        squares_(items_),
        penalties_(items_) {
    for_each_row(items_, [&](std::size_t i) {
      for (const float value : train_.by_item(static_cast<index>(i)).values())
        squares_[i] += static_cast<double>(rated_.counted(value) * rated_.counted(value));
      penalties_[i] = regularization_ + options.dropout / (1 - options.dropout) * squares_[i];
    });
  }

  /// D.
  [[nodiscard]] std::span<const double> penalties() const noexcept { return penalties_; }

  /// Leaves -P in the lower triangle of a row-major matrix, and scratch in the upper one. False if
  /// D was lost in rounding, or when asked to stop.
  [[nodiscard]] bool run(Scalar* matrix) const {
    const auto users = static_cast<double>(train_.num_users());
    const auto items = static_cast<double>(items_);
    // An operation outside of the sweep takes as long as some fifty in it.
    const double gathers = 50 * items * static_cast<double>(train_.size());
    return users * users * users + gathers < items * items * items ? from_users(matrix)
                                                                   : from_items(matrix);
  }

 private:
  [[nodiscard]] bool from_items(Scalar* matrix) const {
    fill_lower(
        matrix, items_, [&](index i) { return train_.by_item(i); },
        [&](index u) { return train_.by_user(u); }, [](index) { return Scalar{1}; },
        [&](std::size_t i) { return static_cast<Scalar>(penalties_[i]); });
    // No pivot of the exact matrix is less than its least eigenvalue, and that than the penalty.
    return invert(matrix, items_, static_cast<Scalar>(regularization_ / 2));
  }

  [[nodiscard]] bool from_users(Scalar* matrix) const {
    const auto users = static_cast<std::size_t>(train_.num_users());
    aligned_vector<Scalar> inverse(users * users);
    fill_lower(
        inverse.data(), users, [&](index u) { return train_.by_user(u); },
        [&](index i) { return train_.by_item(i); },
        [&](index i) { return static_cast<Scalar>(1 / penalties_[static_cast<std::size_t>(i)]); },
        [](std::size_t) { return Scalar{1}; });
    if (!invert(inverse.data(), users, Scalar{0.5})) return false;
    for_each_below_diagonal(backend_, users, [&](std::size_t u, std::size_t v) {
      inverse[v * users + u] = inverse[u * users + v];
    });
    backend_.for_range(items_, [&](std::size_t first, std::size_t last) {
      aligned_vector<Scalar> spread(users);
      for (std::size_t i = first; i < last && !stop_.stop_requested(); ++i)
        fill_row(inverse.data(), i, spread, matrix + i * items_);
    });
    if (stop_.stop_requested()) return false;
    // P_ii >= 1 / (X'X + D)_ii, exactly.
    for (std::size_t i = 0; i < items_; ++i)
      if (!(static_cast<double>(-matrix[i * items_ + i]) * (squares_[i] + penalties_[i]) >= 0.5))
        return false;
    return true;
  }

  /// Row i of -P up to its diagonal, from -(I + X D^-1 X')^-1.
  void fill_row(const Scalar* inverse, std::size_t i, std::span<Scalar> spread, Scalar* row) const {
    std::ranges::fill(spread, Scalar{0});
    for (const auto [user, value] : train_.by_item(static_cast<index>(i)))
      kernel::axpy(static_cast<Scalar>(rated_.counted(value) / penalties_[i]),
                   inverse + static_cast<std::size_t>(user) * spread.size(), spread.size(),
                   spread.data());
    for (std::size_t j = 0; j <= i; ++j) {
      Scalar product = 0;
      for (const auto [user, value] : train_.by_item(static_cast<index>(j)))
        product +=
            static_cast<Scalar>(rated_.counted(value)) * spread[static_cast<std::size_t>(user)];
      row[j] = -product / static_cast<Scalar>(penalties_[j]);
    }
    row[i] -= static_cast<Scalar>(1 / penalties_[i]);
  }

  /// The lower triangle of Y W Y' + C: `own` gives a row of Y, `across` a column, `weight` W and
  /// `diagonal` C.
  template <class Own, class Across, class Weight, class Diagonal>
  void fill_lower(Scalar* matrix, std::size_t size, const Own& own, const Across& across,
                  const Weight& weight, const Diagonal& diagonal) const {
    for_each_row(size, [&](std::size_t r) {
      Scalar* const row = matrix + r * size;
      std::fill_n(row, r + 1, Scalar{0});
      for (const auto [middle, value] : own(static_cast<index>(r))) {
        const Scalar factor = static_cast<Scalar>(rated_.counted(value)) * weight(middle);
        for (const auto [other, other_value] : across(middle)) {
          if (static_cast<std::size_t>(other) > r) break;
          row[other] += factor * static_cast<Scalar>(rated_.counted(other_value));
        }
      }
      row[r] += diagonal(r);
    });
  }

  [[nodiscard]] bool invert(Scalar* matrix, std::size_t size, Scalar least) const {
    return symmetric_inverse<Backend, Scalar>(backend_, matrix, size).run(least, stop_);
  }

  template <class Function>
  void for_each_row(std::size_t count, const Function& f) const {
    backend_.for_range(count, [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last && !stop_.stop_requested(); ++r) f(r);
    });
  }

  Backend backend_;
  const dataset& train_;
  const rated_items& rated_;
  const std::stop_token& stop_;
  double regularization_;
  std::size_t items_;
  std::vector<double> squares_;  ///< of each column of X
  std::vector<double> penalties_;
};

}  // namespace kindred::detail
