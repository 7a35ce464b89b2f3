#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/mf_layout.hpp>
#include <kindred/backend/rating_tiles.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/kernel/sgd.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred {

/// Matrix factorization by stochastic gradient descent on a backend; specialised for each kind of
/// backend, and then what `trainable_mf` says. Construction lays the data out where the backend
/// works, which may be memory of its own; then come epochs; `parameters()` brings the result to the
/// host.
template <class Backend, class Scalar>
class mf_kernels;

/// A backend that has kernels for matrix factorization.
template <class Backend, class Scalar>
concept trainable_mf =
    execution_backend<Backend> && std::constructible_from < mf_kernels<Backend, Scalar>,
const Backend&, const dataset&,
    const mf_setup& >
        &&requires(mf_kernels<Backend, Scalar>& kernels, const kernel::sgd_step<Scalar>& step,
                   int epoch, const std::stop_token& stop, const dataset& ratings, double bound) {
  /// One pass over all ratings; epochs count from 1. Returns the sum of the squared errors, each
  /// taken before its own step; returns early, with a part of the sum, when asked to stop.
  { kernels.epoch(step, epoch, stop) } -> std::same_as<double>;
  /// Sum of the squared errors of the present parameters on other ratings of the same users and
  /// items (or of more), predictions held to [low, high].
  { std::as_const(kernels).squared_error(ratings, bound, bound) } -> std::same_as<double>;
  /// Remembers the present parameters, and goes back to them, once.
  kernels.keep();
  kernels.restore();
  { kernels.parameters() } -> std::same_as<mf_parameters<Scalar>>;
};

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
      : mf_kernels(backend, train, setup, row_stride(setup.factors)) {}

  double epoch(const kernel::sgd_step<Scalar>& step, int epoch, const std::stop_token& stop) {
    const std::size_t blocks = layout_.tiles().blocks();
    const random_permutation order = layout_.order_of_strata(epoch);
    const auto pass = kernel::select_sgd_kernel<Scalar>(layout_.stride());
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

  void keep() {
    best_users_ = layout_.users();
    best_items_ = layout_.items();
  }
  void restore() {
    layout_.users() = std::move(best_users_);
    layout_.items() = std::move(best_items_);
  }

  [[nodiscard]] mf_parameters<Scalar> parameters() const { return layout_.parameters(backend_); }

 private:
  mf_kernels(const Backend& backend, const dataset& train, const mf_setup& setup,
             std::size_t stride)
      : backend_(backend),
        layout_(backend, train, setup, stride,
                setup.blocks > 0 ? setup.blocks : tile_grid(train, stride * sizeof(Scalar))) {}

  [[nodiscard]] static constexpr std::size_t row_stride(std::size_t factors) noexcept {
    constexpr std::size_t multiple = kernel::sgd_row_multiple;
    return std::max<std::size_t>((factors + multiple - 1) / multiple, 1) * multiple;
  }

  [[nodiscard]] kernel::sgd_tile tile(std::size_t user_block,
                                      std::size_t item_block) const noexcept {
    constexpr std::size_t cached_bytes = std::size_t{1} << 21;
    kernel::sgd_tile tile = layout_.tiles().tile(user_block, item_block);
    tile.prefetch =
        (layout_.users().factors.size() + layout_.items().factors.size()) * sizeof(Scalar) >
        cached_bytes;
    return tile;
  }

  [[nodiscard]] kernel::sgd_matrices<Scalar> matrices() noexcept {
    return {layout_.users().factors.data(), layout_.items().factors.data(),
            layout_.users().rows.data(), layout_.items().rows.data(), layout_.stride()};
  }

  [[nodiscard]] double predict(index u, index i) const noexcept {
    const block_order& users = layout_.tiles().users();
    const block_order& items = layout_.tiles().items();
    const bool known_user = u < static_cast<index>(users.size());
    const bool known_item = i < static_cast<index>(items.size());
    const auto p = known_user ? static_cast<std::size_t>(users.position_of(u)) : 0;
    const auto q = known_item ? static_cast<std::size_t>(items.position_of(i)) : 0;
    double prediction = layout_.mean();
    if (known_user) prediction += static_cast<double>(layout_.users().rows[p].bias);
    if (known_item) prediction += static_cast<double>(layout_.items().rows[q].bias);
    if (known_user && known_item)
      prediction += static_cast<double>(
          kernel::dot(layout_.users().factors.data() + p * layout_.stride(),
                      layout_.items().factors.data() + q * layout_.stride(), layout_.stride()));
    return prediction;
  }

  Backend backend_;
  mf_layout<Scalar> layout_;
  mf_side<Scalar> best_users_;
  mf_side<Scalar> best_items_;
};

}  // namespace kindred
