#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/detail/graph/lengths.hpp>
#include <kindred/model/detail/graph/tall_matrix.hpp>
#include <kindred/model/detail/host_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stop_token>

namespace kindred::detail {

/// The space of the right singular vectors, of the greatest singular values, of the users by items
/// matrix N with 1 / sqrt(interactions of u x interactions of i) where there is an interaction: by
/// subspace iteration from random vectors (Halko, Martinsson, Tropp, "Finding structure with
/// randomness", SIAM Review 53(2), 2011, algorithm 4.4).
class singular_vectors {
 public:
  /// Both must outlive it.
  singular_vectors(const dataset& train, const host_loop& loop)
      : train_(train),
        loop_(loop),
        user_scale_(powers_of_lengths(train.user_offsets(), -0.5)),
        item_scale_(powers_of_lengths(train.item_offsets(), -0.5)) {}

  /// Orthonormal columns that span it, `count` or as many as there are, one row an item. What it
  /// returns is no use once `stop` asks. O(iterations x count x (ratings + (users + items) x
  /// count)).
  [[nodiscard]] tall_matrix find(int count, int iterations, std::uint64_t seed,
                                 const std::stop_token& stop) const {
    const auto items = static_cast<std::size_t>(train_.num_items());
    const auto users = static_cast<std::size_t>(train_.num_users());
    tall_matrix basis(items, std::min({static_cast<std::size_t>(count), items, users}));
    const counter_rng rng(seed);
    for (std::size_t i = 0; i < items; ++i)
      for (std::size_t f = 0; f < basis.columns; ++f)
        basis.row(i)[f] = static_cast<float>(rng.normal(i * basis.columns + f));
    const orthonormalizer orthonormalize(loop_);
    for (int n = 0; n < iterations && !stop.stop_requested(); ++n) {
      tall_matrix images = by_users(basis);
      orthonormalize.run(images);
      basis = by_items(images);
      orthonormalize.run(basis);
    }
    return basis;
  }

  /// The share of the squares of all singular values that is not in the space of `basis`.
  [[nodiscard]] double share_outside(const tall_matrix& basis) const {
    const tall_matrix images = by_users(basis);
    const double inside = sum_over(loop_, images.rows, [&](std::size_t u) {
      return static_cast<double>(kernel::dot(images.row(u), images.row(u), images.stride));
    });
    const double all = sum_over(loop_, images.rows, [&](std::size_t u) {
      double sum = 0;
      for (const index item : train_.by_user(static_cast<index>(u)).indices()) {
        const auto entry =
            static_cast<double>(user_scale_[u] * item_scale_[static_cast<std::size_t>(item)]);
        sum += entry * entry;
      }
      return sum;
    });
    return std::max(0.0, 1 - inside / all);
  }

 private:
  /// N x.
  [[nodiscard]] tall_matrix by_users(const tall_matrix& x) const {
    return product(x, user_scale_, item_scale_,
                   [this](index user) { return train_.by_user(user).indices(); });
  }
  /// N' x.
  [[nodiscard]] tall_matrix by_items(const tall_matrix& x) const {
    return product(x, item_scale_, user_scale_,
                   [this](index item) { return train_.by_item(item).indices(); });
  }

  template <class List>
  [[nodiscard]] tall_matrix product(const tall_matrix& x, const aligned_vector<float>& own,
                                    const aligned_vector<float>& other, const List& list) const {
    tall_matrix sums(own.size(), x.columns);
    for_each_index(loop_, sums.rows, [&](std::size_t row) {
      for (const index column : list(static_cast<index>(row))) {
        const auto c = static_cast<std::size_t>(column);
        kernel::axpy(own[row] * other[c], x.row(c), x.stride, sums.row(row));
      }
    });
    return sums;
  }

  const dataset& train_;
  const host_loop& loop_;
  aligned_vector<float> user_scale_;
  aligned_vector<float> item_scale_;
};

}  // namespace kindred::detail
