#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/rating_tiles.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/sgd.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

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

/// Matrix factorization by stochastic gradient descent on a backend. Construction lays the data out
/// where the backend works; then come epochs; `parameters()` brings the result to the host.
template <class Backend, class Scalar>
class mf_kernels;

/// How many blocks a side the grid gets. A function of the data alone, since the order of the
/// steps, and so the result, depends on it. Few blocks are better for the caches: each user's row
/// comes back once for every block of items. But the rows of a block of items should stay in the
/// cache of a core, and the tiles of a stratum are all that threads can share.
[[nodiscard]] inline std::size_t tile_grid(const dataset& ratings, std::size_t row_bytes) noexcept {
  constexpr double ratings_per_tile = 16384;
  constexpr double cached_bytes = 512 * 1024;
  const auto count = static_cast<double>(ratings.size());
  const double by_cache =
      static_cast<double>(ratings.num_items()) * static_cast<double>(row_bytes) / cached_bytes;
  const double by_task = std::min(std::sqrt(count / ratings_per_tile), 32.0);
  const double wanted = std::clamp(std::max(by_cache, by_task), 8.0, 256.0);
  // Blocks of less than a row would be empty.
  const index rows = std::min(ratings.num_users(), ratings.num_items());
  return std::clamp<std::size_t>(static_cast<std::size_t>(rows), 1,
                                 static_cast<std::size_t>(wanted));
}

/// The one kernel set of all host backends.
template <host_backend Backend, class Scalar>
class mf_kernels<Backend, Scalar> {
 public:
  mf_kernels(const Backend& backend, const dataset& train, const mf_setup& setup)
      : backend_(backend),
        setup_(setup),
        stride_(std::max<std::size_t>(
                    (setup.factors + kernel::sgd_row_multiple - 1) / kernel::sgd_row_multiple, 1) *
                kernel::sgd_row_multiple),
        tiles_(backend, train,
               setup.blocks > 0 ? setup.blocks : tile_grid(train, stride_ * sizeof(Scalar)),
               setup.seed),
        mean_(setup.biases ? train.mean() : 0),
        centre_(setup.biases || setup.factors == 0
                    ? 0
                    : std::sqrt(std::abs(train.mean()) / static_cast<double>(setup.factors))) {
    users_ = make_side(tiles_.users(), train.user_offsets(), 1, centre_);
    items_ = make_side(tiles_.items(), train.item_offsets(), 2,
                       train.mean() < 0 && !setup.nonnegative ? -centre_ : centre_);
  }

  /// One pass over all ratings; epochs count from 1. Returns the sum of the squared errors, each
  /// taken before its own step; returns early, with a part of the sum, when asked to stop.
  double epoch(const kernel::sgd_step<Scalar>& step, int epoch, const std::stop_token& stop) {
    const std::size_t blocks = tiles_.blocks();
    const random_permutation order(blocks, setup_.seed + static_cast<std::uint64_t>(epoch));
    const auto pass = kernel::select_sgd_kernel<Scalar>(stride_);
    std::vector<double> errors(blocks);
    double total = 0;
    for (std::size_t s = 0; s < blocks && !stop.stop_requested(); ++s) {
      const auto stratum = static_cast<std::size_t>(order(s));
      backend_.for_range(blocks, [&](std::size_t first, std::size_t last) {
        for (std::size_t b = first; b < last; ++b)
          errors[b] = pass(tile(b, (b + stratum) % blocks), matrices(), step);
      });
      for (const double error : errors) total += error;
    }
    return total;
  }

  /// Sum of the squared errors of the present parameters on other ratings of the same users and
  /// items (or of more), predictions held to [low, high].
  [[nodiscard]] double squared_error(const dataset& ratings, double low, double high) const {
    return backend_.sum_range(static_cast<std::size_t>(ratings.num_users()), [&](std::size_t first,
                                                                                 std::size_t last) {
      double total = 0;
      for (std::size_t u = first; u < last; ++u)
        for (const auto& [item, value] : ratings.by_user(static_cast<index>(u))) {
          const double error = value - std::clamp(predict(static_cast<index>(u), item), low, high);
          total += error * error;
        }
      return total;
    });
  }

  /// Remembers the present parameters, for restore().
  void keep() {
    best_users_ = users_;
    best_items_ = items_;
  }
  /// Goes back to them, once.
  void restore() {
    users_ = std::move(best_users_);
    items_ = std::move(best_items_);
  }

  [[nodiscard]] mf_parameters<Scalar> parameters() const {
    mf_parameters<Scalar> result;
    result.mean = mean_;
    gather(users_, tiles_.users(), result.user_factors, result.user_biases);
    gather(items_, tiles_.items(), result.item_factors, result.item_biases);
    return result;
  }

 private:
  /// Users or items: factor rows and what goes with them, in the order of the tiles.
  struct side {
    aligned_vector<Scalar> factors;
    aligned_vector<kernel::sgd_row<Scalar>> rows;
  };

  side make_side(const block_order& order, std::span<const index> offsets, std::uint64_t stream,
                 double centre) const {
    side made{aligned_vector<Scalar>(order.size() * stride_),
              aligned_vector<kernel::sgd_row<Scalar>>(order.size())};
    const double rows_rated = std::max<double>(1, static_cast<double>(order.size()));
    const double mean_count = std::max(1.0, static_cast<double>(offsets.back()) / rows_rated);
    const counter_rng random(setup_.seed, stream);
    backend_.for_range(order.size(), [&](std::size_t first, std::size_t last) {
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

  [[nodiscard]] kernel::sgd_tile tile(std::size_t user_block,
                                      std::size_t item_block) const noexcept {
    constexpr std::size_t cached_bytes = std::size_t{1} << 21;
    kernel::sgd_tile tile = tiles_.tile(user_block, item_block);
    tile.prefetch = (users_.factors.size() + items_.factors.size()) * sizeof(Scalar) > cached_bytes;
    return tile;
  }

  [[nodiscard]] kernel::sgd_matrices<Scalar> matrices() noexcept {
    return {users_.factors.data(), items_.factors.data(), users_.rows.data(), items_.rows.data(),
            stride_};
  }

  [[nodiscard]] double predict(index u, index i) const noexcept {
    const bool known_user = u < static_cast<index>(tiles_.users().size());
    const bool known_item = i < static_cast<index>(tiles_.items().size());
    double prediction = mean_;
    const auto p = known_user ? static_cast<std::size_t>(tiles_.users().position_of(u)) : 0;
    const auto q = known_item ? static_cast<std::size_t>(tiles_.items().position_of(i)) : 0;
    if (known_user) prediction += static_cast<double>(users_.rows[p].bias);
    if (known_item) prediction += static_cast<double>(items_.rows[q].bias);
    if (known_user && known_item)
      prediction += static_cast<double>(kernel::dot(users_.factors.data() + p * stride_,
                                                    items_.factors.data() + q * stride_, stride_));
    return prediction;
  }

  void gather(const side& from, const block_order& order, aligned_vector<Scalar>& factors,
              aligned_vector<Scalar>& biases) const {
    factors.resize(order.size() * setup_.factors);
    biases.resize(order.size());
    backend_.for_range(order.size(), [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) {
        const auto p = static_cast<std::size_t>(order.position_of(static_cast<index>(i)));
        std::copy_n(from.factors.data() + p * stride_, setup_.factors,
                    factors.data() + i * setup_.factors);
        biases[i] = from.rows[p].bias;
      }
    });
  }

  Backend backend_;
  mf_setup setup_;
  std::size_t stride_;
  rating_tiles tiles_;
  double mean_;
  double centre_;
  side users_;
  side items_;
  side best_users_;
  side best_items_;
};

}  // namespace kindred
