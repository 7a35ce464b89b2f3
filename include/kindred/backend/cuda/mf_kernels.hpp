#pragma once

#include <kindred/backend/cuda/mf_device.hpp>
#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/policy.hpp>
#include <kindred/backend/mf_kernels.hpp>
#include <kindred/backend/mf_layout.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <cstddef>
#include <stop_token>
#include <utility>

namespace kindred {

/// The epochs of a factorization on a GPU; the host lays out, and keeps what early stopping may go
/// back to. Throws cuda_error, without a device at construction.
template <class Scalar>
class mf_kernels<backend::cuda, Scalar> {
 public:
  mf_kernels(const backend::cuda& backend, const dataset& train, const mf_setup& setup)
      : layout_(host_beside(backend), train, setup, gpu::shape_of_rows(setup.factors).stride,
                setup.blocks > 0 ? setup.blocks : grid(train)),
        device_(backend, tiles(layout_.tiles()), setup.factors,
                view(std::as_const(layout_.users())), view(std::as_const(layout_.items()))) {}

  double epoch(const kernel::sgd_step<Scalar>& step, int epoch, const std::stop_token& stop) {
    const random_permutation order = layout_.order_of_strata(epoch);
    for (std::size_t s = 0; s < order.size() && !stop.stop_requested(); ++s)
      device_.run(static_cast<std::size_t>(order(s)), step);
    return device_.finish();
  }

  [[nodiscard]] double squared_error(const dataset& ratings, double low, double high) const {
    const auto offsets = ratings.user_offsets();
    aligned_vector<kernel::tile_rating> placed(ratings.size());
    host().for_range(static_cast<std::size_t>(ratings.num_users()),
                     [&](std::size_t first, std::size_t last) {
                       for (std::size_t u = first; u < last; ++u) {
                         const index user = place(layout_.tiles().users(), static_cast<index>(u));
                         auto to = static_cast<std::size_t>(offsets[u]);
                         for (const auto& [item, value] : ratings.by_user(static_cast<index>(u)))
                           placed[to++] = {user, place(layout_.tiles().items(), item), value};
                       }
                     });
    return device_.squared_error(placed, static_cast<Scalar>(layout_.mean()), low, high);
  }

  void keep() {
    best_users_ = layout_.users();  // for its size alone
    best_items_ = layout_.items();
    device_.read(view(best_users_), view(best_items_));
  }
  void restore() {
    device_.write(view(std::as_const(best_users_)), view(std::as_const(best_items_)));
  }

  [[nodiscard]] mf_parameters<Scalar> parameters() {
    device_.read(view(layout_.users()), view(layout_.items()));
    return layout_.parameters(host());
  }

 private:
  static backend::tbb host() noexcept { return {}; }
  /// Asked for first: without a device no work is done in vain.
  static backend::tbb host_beside(const backend::cuda& backend) {
    backend.require_device();
    return {};
  }

  static std::size_t grid(const dataset& train) noexcept {
    return gpu::tile_grid(train.size(), static_cast<std::size_t>(train.num_users()),
                          static_cast<std::size_t>(train.num_items()));
  }
  static gpu::tile_view tiles(const rating_tiles& tiles) noexcept {
    return {tiles.ratings(), tiles.weights(), tiles.offsets(), tiles.blocks()};
  }
  static gpu::side_view<Scalar> view(mf_side<Scalar>& side) noexcept {
    return {side.factors, side.rows};
  }
  static gpu::const_side_view<Scalar> view(const mf_side<Scalar>& side) noexcept {
    return {side.factors, side.rows};
  }
  static index place(const block_order& order, index i) noexcept {
    return i < static_cast<index>(order.size()) ? order.position_of(i) : unknown_index;
  }

  mf_layout<Scalar> layout_;
  gpu::mf_device<Scalar> device_;
  mf_side<Scalar> best_users_;
  mf_side<Scalar> best_items_;
};

}  // namespace kindred
