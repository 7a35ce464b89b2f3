#pragma once

#include <kindred/backend/cuda/check.cuh>
#include <kindred/backend/cuda/memory.cuh>
#include <kindred/backend/cuda/mf_device.hpp>
#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/sgd.cuh>
#include <kindred/backend/cuda/stream.cuh>
#include <kindred/core/error.hpp>

#include <cuda_fp16.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kindred::gpu {

template <class Scalar>
class mf_device<Scalar>::body {
 public:
  virtual ~body() = default;
  virtual void run(std::size_t stratum, const kernel::sgd_step<Scalar>& step) = 0;
  virtual double finish() = 0;
  virtual double squared_error(std::span<const kernel::tile_rating> ratings, Scalar mean,
                               double low, double high) const = 0;
  virtual void read(const side_view<Scalar>& users, const side_view<Scalar>& items) const = 0;
  virtual void write(const const_side_view<Scalar>& users,
                     const const_side_view<Scalar>& items) = 0;
};

/// Users or items on the device, their factors kept as `Stored`.
template <class Scalar, class Stored>
struct device_side {
  device_array<Stored> factors;
  device_array<kernel::sgd_row<Scalar>> rows;

  device_side(const const_side_view<Scalar>& side, const char* what)
      : factors(side.factors.size(), what), rows(side.rows.size(), what) {
    write(side);
  }

  void write(const const_side_view<Scalar>& from) {
    if constexpr (std::is_same_v<Scalar, Stored>) {
      factors.write(from.factors);
    } else {
      std::vector<Stored> narrow(from.factors.size());
      std::transform(from.factors.begin(), from.factors.end(), narrow.begin(),
                     [](Scalar x) { return static_cast<Stored>(x); });
      factors.write(narrow);
    }
    rows.write(from.rows);
  }

  void read(const side_view<Scalar>& to) const {
    if constexpr (std::is_same_v<Scalar, Stored>) {
      factors.read(to.factors);
    } else {
      std::vector<Stored> narrow(factors.size());
      factors.read(narrow);
      std::transform(narrow.begin(), narrow.end(), to.factors.begin(),
                     [](Stored x) { return static_cast<Scalar>(x); });
    }
    rows.read(to.rows);
  }
};

/// Strata go to several streams in turn. A reproducible run lets each wait for the one before it,
/// so that only copies run beside it; an asynchronous one lets them overlap.
template <class Scalar>
template <class Stored>
class mf_device<Scalar>::stored_body final : public mf_device<Scalar>::body {
 public:
  stored_body(const backend::cuda& where, const tile_view& tiles, const row_shape& shape,
              const const_side_view<Scalar>& users, const const_side_view<Scalar>& items)
      : tiles_(tiles),
        ordered_(where.order == backend::cuda_order::reproducible),
        shape_(shape),
        resident_(fits(where, tiles, users, items)),
        users_(users, "the users of a factorization"),
        items_(items, "the items of a factorization"),
        offsets_(tiles.offsets.size(), "the offsets of tiles"),
        slots_(resident_ && !ordered_ ? 8 : 2),
        errors_(slots_.size() * tiles.blocks, "the errors of tiles") {
    offsets_.write(tiles.offsets);
    errors_.zero();
    if (resident_) {
      ratings_ = device_array<kernel::tile_rating>(tiles.ratings.size(), "ratings");
      ratings_.write(tiles.ratings);
      weights_ = device_array<float>(tiles.weights.size(), "weights");
      weights_.write(tiles.weights);
    } else {
      prepare_to_stream();
    }
  }

  void run(std::size_t stratum, const kernel::sgd_step<Scalar>& step) override {
    const std::size_t number = turn_ % slots_.size();
    slot& now = slots_[number];
    const tile_batch batch =
        resident_ ? batch_of(ratings_, weights_, stratum, 0) : copy_stratum(now, stratum);
    if (ordered_ && turn_ > 0) now.queue.wait_for(slots_[(turn_ - 1) % slots_.size()].done);
    const auto pass = select_sgd_tiles<Scalar, Stored>(shape_);
    pass<<<static_cast<unsigned>(tiles_.blocks), warp_size, 0, now.queue.get()>>>(
        view(), batch, step, errors_.data() + number * tiles_.blocks);
    check_launch("a launch of sgd_tiles");
    now.queue.record(now.done);
    ++turn_;
  }

  double finish() override {
    for (const slot& each : slots_) each.queue.synchronize();
    turn_ = 0;
    std::vector<double> errors(errors_.size());
    errors_.read(errors);
    errors_.zero();
    double total = 0;
    for (const double error : errors) total += error;
    return total;
  }

  double squared_error(std::span<const kernel::tile_rating> ratings, Scalar mean, double low,
                       double high) const override {
    constexpr std::size_t warps = 4096;
    constexpr std::size_t most = std::size_t{1} << 22;
    device_array<kernel::tile_rating> some(std::min(ratings.size(), most), "ratings to predict");
    const device_array<double> sums(warps, "their errors");
    std::vector<double> errors(warps);
    double total = 0;
    for (; !ratings.empty(); ratings = ratings.subspan(std::min(ratings.size(), most))) {
      const std::size_t count = std::min(ratings.size(), most);
      some.write(ratings.first(count));
      squared_errors<Scalar, Stored>
          <<<warps, warp_size>>>(view(), some.data(), count, mean, low, high, sums.data());
      check_launch("a launch of squared_errors");
      sums.read(errors);
      for (const double error : errors) total += error;
    }
    return total;
  }

  void read(const side_view<Scalar>& users, const side_view<Scalar>& items) const override {
    users_.read(users);
    items_.read(items);
  }
  void write(const const_side_view<Scalar>& users, const const_side_view<Scalar>& items) override {
    users_.write(users);
    items_.write(items);
  }

 private:
  /// A stream, and what is streamed through it.
  struct slot {
    device_array<kernel::tile_rating> ratings;
    device_array<float> weights;
    event done;
    stream queue;  // last: it is waited for before the rest goes
  };

  static bool fits(const backend::cuda& where, const tile_view& tiles,
                   const const_side_view<Scalar>& users, const const_side_view<Scalar>& items) {
    const std::size_t rating = sizeof(kernel::tile_rating) + (tiles.weights.empty() ? 0 : 4);
    const std::size_t rows =
        (users.rows.size() + items.rows.size()) * sizeof(kernel::sgd_row<Scalar>);
    const std::size_t factors = (users.factors.size() + items.factors.size()) * sizeof(Stored);
    const mf_memory needs{.parameters = rows + factors + tiles.offsets.size_bytes(),
                          .ratings = tiles.ratings.size() * rating,
                          .largest_stratum = largest_stratum(tiles.offsets, tiles.blocks) * rating};
    require_option(where.memory == 0 || needs.least() <= where.memory, "memory", where.memory,
                   "[" + detail::to_text(needs.least()) + ", all that the device has]");
    return needs.resident(memory_budget(where.memory));
  }

  void prepare_to_stream() {
    pinned_ratings_ = pinned_range(tiles_.ratings);
    pinned_weights_ = pinned_range(tiles_.weights);
    const std::size_t most = largest_stratum(tiles_.offsets, tiles_.blocks);
    for (slot& each : slots_) {
      each.ratings = device_array<kernel::tile_rating>(most, "a stratum of ratings");
      each.weights = device_array<float>(tiles_.weights.empty() ? 0 : most, "their weights");
    }
  }

  [[nodiscard]] tile_batch batch_of(const device_array<kernel::tile_rating>& ratings,
                                    const device_array<float>& weights, std::size_t stratum,
                                    std::size_t origin) const noexcept {
    return {ratings.data(), weights.data(), offsets_.data() + stratum * tiles_.blocks, origin};
  }

  /// Its stream keeps a copy behind the steps that used the slot before.
  tile_batch copy_stratum(slot& to, std::size_t stratum) {
    const std::size_t first = tiles_.offsets[stratum * tiles_.blocks];
    const std::size_t count = tiles_.offsets[(stratum + 1) * tiles_.blocks] - first;
    to.queue.copy(tiles_.ratings.subspan(first, count), to.ratings.data());
    if (!tiles_.weights.empty())
      to.queue.copy(tiles_.weights.subspan(first, count), to.weights.data());
    return batch_of(to.ratings, to.weights, stratum, first);
  }

  [[nodiscard]] factor_view<Scalar, Stored> view() const noexcept {
    return {users_.factors.data(), items_.factors.data(), users_.rows.data(), items_.rows.data(),
            shape_.stride};
  }

  tile_view tiles_;
  bool ordered_;
  row_shape shape_;
  bool resident_;
  device_side<Scalar, Stored> users_;
  device_side<Scalar, Stored> items_;
  device_array<std::size_t> offsets_;
  device_array<kernel::tile_rating> ratings_;
  device_array<float> weights_;
  pinned_range pinned_ratings_;
  pinned_range pinned_weights_;
  std::vector<slot> slots_;
  device_array<double> errors_;
  std::size_t turn_ = 0;
};

template <class Scalar>
mf_device<Scalar>::mf_device(const backend::cuda& where, const tile_view& tiles,
                             std::size_t factors, const const_side_view<Scalar>& users,
                             const const_side_view<Scalar>& items)
    : device_(where.device) {
  where.require_device();
  const device_scope scope(device_);
  const row_shape shape = shape_of_rows(factors);
  if (where.storage == backend::cuda_storage::full) {
    body_ = std::make_unique<stored_body<Scalar>>(where, tiles, shape, users, items);
  } else if constexpr (std::is_same_v<Scalar, float>) {
    body_ = std::make_unique<stored_body<__half>>(where, tiles, shape, users, items);
  } else {
    require_option(false, "storage", std::string_view("half"), "{full} for a model of double");
  }
}

template <class Scalar>
mf_device<Scalar>::~mf_device() = default;

template <class Scalar>
void mf_device<Scalar>::run(std::size_t stratum, const kernel::sgd_step<Scalar>& step) {
  const device_scope scope(device_);
  body_->run(stratum, step);
}

template <class Scalar>
double mf_device<Scalar>::finish() {
  const device_scope scope(device_);
  return body_->finish();
}

template <class Scalar>
double mf_device<Scalar>::squared_error(std::span<const kernel::tile_rating> ratings, Scalar mean,
                                        double low, double high) const {
  const device_scope scope(device_);
  return body_->squared_error(ratings, mean, low, high);
}

template <class Scalar>
void mf_device<Scalar>::read(const side_view<Scalar>& users, const side_view<Scalar>& items) const {
  const device_scope scope(device_);
  body_->read(users, items);
}

template <class Scalar>
void mf_device<Scalar>::write(const const_side_view<Scalar>& users,
                              const const_side_view<Scalar>& items) {
  const device_scope scope(device_);
  body_->write(users, items);
}

}  // namespace kindred::gpu
