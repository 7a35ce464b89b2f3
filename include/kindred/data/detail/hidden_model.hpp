#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/synthetic_options.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

/// The model behind synthetic ratings; every number is a function of the seed and its place.
class hidden_model {
 public:
  explicit hidden_model(const synthetic_options& options)
      : options_(options),
        factors_(static_cast<std::size_t>(options.factors)),
        // The product of two normal variates of this deviation, summed over the factors, has the
        // deviation `signal`.
        factor_deviation_(factors_ == 0 ? 0
                                        : std::sqrt(options.signal / std::sqrt(options.factors))),
        users_(options.seed, 0x75736572),
        items_(options.seed, 0x6974656d),
        noise_(options.seed, 0x6e6f6973),
        times_(options.seed, 0x74696d65),
        item_rows_(static_cast<std::size_t>(options.num_items) * (factors_ + 1)) {
    parallel_for(static_cast<std::size_t>(options.num_items), 256,
                 [&](std::size_t first, std::size_t last) {
                   for (std::size_t i = first; i < last; ++i)
                     fill(items_, i, options_.item_bias,
                          std::span(item_rows_).subspan(i * (factors_ + 1), factors_ + 1));
                 });
  }

  /// Bias and factors of a user.
  [[nodiscard]] std::vector<float> user(index u) const {
    std::vector<float> row(factors_ + 1);
    fill(users_, static_cast<std::size_t>(u), options_.user_bias, row);
    return row;
  }

  /// Without noise, in the range.
  [[nodiscard]] double expected(std::span<const float> user, index item) const noexcept {
    const float* row = item_rows_.data() + static_cast<std::size_t>(item) * (factors_ + 1);
    double sum = options_.mean + double{user[0]} + double{row[0]};
    for (std::size_t f = 1; f <= factors_; ++f) sum += double{user[f]} * double{row[f]};
    return sum;
  }

  [[nodiscard]] double cut(double rating) const noexcept {
    return std::clamp(rating, double{options_.min_rating}, double{options_.max_rating});
  }

  [[nodiscard]] float rating(double expected, index user, index item) const noexcept {
    const double least = double{options_.min_rating};
    const double step = double{options_.step};
    const double noisy = cut(expected + options_.noise * noise_.normal(place(user, item)));
    if (step == 0) return static_cast<float>(noisy);
    // The greatest step that is in the range may be less than max_rating.
    const double steps = std::floor((double{options_.max_rating} - least) / step + 1e-6);
    return static_cast<float>(least + step * std::min(steps, std::round((noisy - least) / step)));
  }

  [[nodiscard]] std::int64_t time(index user, index item) const noexcept {
    constexpr std::int64_t start = 1420070400;  // 2015-01-01
    constexpr std::uint32_t three_years = 94694400;
    return start + static_cast<std::int64_t>(times_.below(place(user, item), three_years));
  }

 private:
  [[nodiscard]] static std::uint64_t place(index user, index item) noexcept {
    return (static_cast<std::uint64_t>(user) << 32) | static_cast<std::uint64_t>(item);
  }

  void fill(const counter_rng& rng, std::size_t row, double bias, std::span<float> out) const {
    const std::uint64_t first = row * out.size();
    for (std::size_t f = 0; f < out.size(); ++f)
      out[f] = static_cast<float>((f == 0 ? bias : factor_deviation_) * rng.normal(first + f));
  }

  const synthetic_options& options_;
  std::size_t factors_;
  double factor_deviation_;
  counter_rng users_;
  counter_rng items_;
  counter_rng noise_;
  counter_rng times_;
  aligned_vector<float> item_rows_;
};

}  // namespace kindred::detail
