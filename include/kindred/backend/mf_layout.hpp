#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/rating_tiles.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/sgd_step.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kindred {

/// What the factorization kernels need to know before the first epoch.
struct mf_setup {
  std::size_t factors = 0;
  bool biases = true;  ///< without them there is no mean either: r = p.q
  bool nonnegative = false;
  double init_scale = 0;          ///< standard deviation of the initial factors
  double frequency_exponent = 0;  ///< see matrix_factorization_options
  std::size_t blocks = 0;         ///< of the grid of tiles; 0: by size
  std::uint64_t seed = 0;
};

/// Trained parameters in the order of the dataset's indices.
template <class Scalar>
struct mf_parameters {
  double mean = 0;
  aligned_vector<Scalar> user_factors;  ///< num_users x factors, row-major
  aligned_vector<Scalar> item_factors;  ///< num_items x factors, row-major
  aligned_vector<Scalar> user_biases;
  aligned_vector<Scalar> item_biases;
};

/// Whether training stayed within the finite numbers.
template <class Scalar>
[[nodiscard]] bool all_finite(const mf_parameters<Scalar>& parameters) noexcept {
  const auto finite = [](const aligned_vector<Scalar>& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](Scalar x) { return std::isfinite(x); });
  };
  return finite(parameters.user_factors) && finite(parameters.item_factors) &&
         finite(parameters.user_biases) && finite(parameters.item_biases);
}

/// Users or items in training: factor rows and what goes with them, in the order of the tiles.
template <class Scalar>
struct mf_side {
  aligned_vector<Scalar> factors;
  aligned_vector<kernel::sgd_row<Scalar>> rows;
};

/// How a fit is laid out in host memory, whatever trains it: the ratings in tiles, the parameters
/// that it starts from, and the way back from trained rows to the order of the dataset.
template <class Scalar>
class mf_layout {
 public:
  /// Factor rows are `stride` apart, no fewer than setup.factors; the grid has `blocks` a side.
  template <host_backend Backend>
  mf_layout(const Backend& backend, const dataset& train, const mf_setup& setup, std::size_t stride,
            std::size_t blocks)
      : setup_(setup),
        stride_(stride),
        tiles_(backend, train, blocks, setup.seed),
        mean_(setup.biases ? train.mean() : 0) {
    const double centre =
        setup.biases || setup.factors == 0
            ? 0
            : std::sqrt(std::abs(train.mean()) / static_cast<double>(setup.factors));
    users_ = make_side(backend, tiles_.users(), train.user_offsets(), 1, centre);
    items_ = make_side(backend, tiles_.items(), train.item_offsets(), 2,
                       train.mean() < 0 && !setup.nonnegative ? -centre : centre);
  }

  [[nodiscard]] const rating_tiles& tiles() const noexcept { return tiles_; }
  [[nodiscard]] std::size_t stride() const noexcept { return stride_; }
  [[nodiscard]] double mean() const noexcept { return mean_; }
  [[nodiscard]] mf_side<Scalar>& users() noexcept { return users_; }
  [[nodiscard]] mf_side<Scalar>& items() noexcept { return items_; }
  [[nodiscard]] const mf_side<Scalar>& users() const noexcept { return users_; }
  [[nodiscard]] const mf_side<Scalar>& items() const noexcept { return items_; }

  /// In which order an epoch, counted from 1, takes the strata.
  [[nodiscard]] random_permutation order_of_strata(int epoch) const noexcept {
    return {tiles_.blocks(), setup_.seed + static_cast<std::uint64_t>(epoch)};
  }

  /// The rows of users() and items() in the order of the dataset.
  template <host_backend Backend>
  [[nodiscard]] mf_parameters<Scalar> parameters(const Backend& backend) const {
    mf_parameters<Scalar> result;
    result.mean = mean_;
    gather(backend, users_, tiles_.users(), result.user_factors, result.user_biases);
    gather(backend, items_, tiles_.items(), result.item_factors, result.item_biases);
    return result;
  }

 private:
  template <class Backend>
  mf_side<Scalar> make_side(const Backend& backend, const block_order& order,
                            std::span<const index> offsets, std::uint64_t stream,
                            double centre) const {
    mf_side<Scalar> made{aligned_vector<Scalar>(order.size() * stride_),
                         aligned_vector<kernel::sgd_row<Scalar>>(order.size())};
    const double rows_rated = std::max<double>(1, static_cast<double>(order.size()));
    const double mean_count = std::max(1.0, static_cast<double>(offsets.back()) / rows_rated);
    const counter_rng random(setup_.seed, stream);
    backend.for_range(order.size(), [&](std::size_t first, std::size_t last) {
      for (std::size_t p = first; p < last; ++p) {
        const auto i = static_cast<std::size_t>(order.index_at(p));
        const index count = offsets[i + 1] - offsets[i];
        kernel::sgd_row<Scalar> row;
        if (count > 0)
          row.decay = static_cast<Scalar>(std::pow(mean_count / count, setup_.frequency_exponent));
        made.rows[p] = row;
        fill_row(made.factors.data() + p * stride_, count > 0, i, random, centre);
      }
    });
    return made;
  }

  /// Initial factors: uniform around `centre` with standard deviation init_scale. A row without
  /// ratings is zero, so that it predicts from what is known of the other side.
  void fill_row(Scalar* row, bool rated, std::size_t i, const counter_rng& random,
                double centre) const {
    std::fill(row, row + stride_, Scalar{0});
    if (!rated) return;
    const double width = 2 * std::sqrt(3.0) * setup_.init_scale;
    const std::size_t draws = (setup_.factors + 3) / 4;
    for (std::size_t f = 0; f < setup_.factors; ++f) {
      const std::uint32_t bits = random.block(i * draws + f / 4)[f % 4];
      const double value = centre + width * (static_cast<double>(bits) * 0x1.0p-32 - 0.5);
      row[f] = static_cast<Scalar>(setup_.nonnegative ? std::abs(value) : value);
    }
  }

  template <class Backend>
  void gather(const Backend& backend, const mf_side<Scalar>& from, const block_order& order,
              aligned_vector<Scalar>& factors, aligned_vector<Scalar>& biases) const {
    factors.resize(order.size() * setup_.factors);
    biases.resize(order.size());
    backend.for_range(order.size(), [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) {
        const auto p = static_cast<std::size_t>(order.position_of(static_cast<index>(i)));
        std::copy_n(from.factors.data() + p * stride_, setup_.factors,
                    factors.data() + i * setup_.factors);
        biases[i] = from.rows[p].bias;
      }
    });
  }

  mf_setup setup_;
  std::size_t stride_;
  rating_tiles tiles_;
  double mean_;
  mf_side<Scalar> users_;
  mf_side<Scalar> items_;
};

}  // namespace kindred
