#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/host_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace kindred::detail {

/// What predictions are held to: the range of the training ratings, or nothing.
struct rating_range {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();

  rating_range() = default;
  rating_range(const dataset& train, bool clip) {
    if (!clip) return;
    low = train.min_value();
    high = train.max_value();
  }

  template <class Writer>
  void write(Writer& out) const {
    if (std::isinf(high)) return;
    out.set("min_value", low);
    out.set("max_value", high);
  }
  /// Throws data_error for ends the wrong way round.
  template <class Reader>
  [[nodiscard]] static rating_range read(const Reader& in) {
    rating_range range;
    if (!in.contains("max_value")) return range;
    range.low = in.template get<float>("min_value");
    range.high = in.template get<float>("max_value");
    if (range.low > range.high) throw data_error("min_value is greater than max_value");
    return range;
  }

  /// The lower end for what is not a number.
  [[nodiscard]] float hold(double rating) const noexcept {
    return std::max(low, std::min(static_cast<float>(rating), high));
  }
};

/// Root mean squared error of `predict(user, item)`, or of `predict(user, item, row)`, held to
/// `range`, on ratings; there must be some. In parallel over users, with the same bits on any
/// number of threads.
template <class Predict>
[[nodiscard]] double held_rmse(const host_loop& loop, const dataset& ratings,
                               const rating_range& range, const Predict& predict) {
  constexpr std::size_t users_per_block = 64;
  const auto users = static_cast<std::size_t>(ratings.num_users());
  const auto rating_of = [&](index user, index item, [[maybe_unused]] std::size_t row) -> double {
    if constexpr (std::is_invocable_v<const Predict&, index, index, std::size_t>)
      return predict(user, item, row);
    else
      return predict(user, item);
  };
  const double squared =
      sum_blocks(loop, users, users_per_block, [&](std::size_t first, std::size_t last) {
        double sum = 0;
        for (std::size_t u = first; u < last; ++u) {
          auto row = static_cast<std::size_t>(ratings.user_offsets()[u]);
          for (const auto [item, value] : ratings.by_user(static_cast<index>(u))) {
            const float held = range.hold(rating_of(static_cast<index>(u), item, row++));
            const double error = static_cast<double>(value) - static_cast<double>(held);
            sum += error * error;
          }
        }
        return sum;
      });
  return std::sqrt(squared / static_cast<double>(ratings.size()));
}

}  // namespace kindred::detail
