#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/kernel/panel_scores.hpp>
#include <kindred/serve/detail/index/bounds.hpp>
#include <kindred/serve/detail/index/ordered_items.hpp>
#include <kindred/serve/detail/index/query_block.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace kindred::detail {

/// Items by strips, [strip][factor][item], as floats or halves.
template <class Stored>
class real_panels {
 public:
  static constexpr bool lossless = std::is_same_v<Stored, float>;

  real_panels(const ordered_items& items, kernel::simd_level level)
      : kernels_(&kernel::select_panel_kernels<Stored>(level)), factors_(items.factors) {
    const std::size_t strips = (items.size() + strip() - 1) / strip();
    bounds_.resize(strips);
    panels_.resize(strips * factors_ * strip());
    parallel_for(strips, 64, [&](std::size_t begin, std::size_t end) {
      for (std::size_t s = begin; s < end; ++s) fill(items, s);
    });
    let_descend(bounds_);
  }

  [[nodiscard]] std::size_t strip() const noexcept { return kernels_->strip; }
  [[nodiscard]] std::span<const strip_bounds> bounds() const noexcept { return bounds_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return panels_.size() * sizeof(Stored); }

  void reserve(query_block& block, std::size_t groups) const {
    block.factors.assign(groups * factors_ * block.width, 0.0F);
    block.clear(groups);
  }

  /// Precondition: `query` is finite.
  void put(query_block& block, std::size_t place, std::span<const float> query,
           bool exact) const noexcept {
    float* const to =
        block.factors.data() + place / block.width * factors_ * block.width + place % block.width;
    for (std::size_t f = 0; f < factors_; ++f) to[f * block.width] = query[f];
    const double length = length_of(query);
    block.bounds[place] = bounds_of_query(length, length, 0, factors_, exact);
  }

  template <std::size_t Users>
  unsigned score(std::size_t s, const float* biases, const query_block& block, std::size_t group,
                 const float* limits, float* scores) const noexcept {
    const Stored* const panel = panels_.data() + s * factors_ * strip();
    const float* const users = block.factors.data() + group * factors_ * Users;
    if constexpr (Users == 1)
      return kernels_->score_one(panel, users, factors_, biases, 0, limits, scores);
    else
      return kernels_->score_some(panel, users, factors_, biases, 0, limits, scores);
  }

 private:
  void fill(const ordered_items& items, std::size_t s) noexcept {
    Stored* const panel = panels_.data() + s * factors_ * strip();
    std::fill_n(panel, factors_ * strip(), Stored{});
    const std::size_t first = s * strip();
    for (std::size_t i = 0; i < std::min(strip(), items.size() - first); ++i) {
      const auto row = items[first + i];
      double stored_square = 0;
      double error_square = 0;
      for (std::size_t f = 0; f < factors_; ++f) {
        float kept = row[f];
        if constexpr (lossless) {
          panel[f * strip() + i] = row[f];
        } else {
          const kernel::half bits = kernel::to_half(row[f]);
          panel[f * strip() + i] = bits;
          kept = kernel::to_float(bits);
        }
        const auto stored = static_cast<double>(kept);
        const double error = static_cast<double>(row[f]) - stored;
        stored_square += stored * stored;
        error_square += error * error;
      }
      bounds_[s].cover(row, items.biases[first + i], std::sqrt(stored_square),
                       std::sqrt(error_square));
    }
  }

  const kernel::panel_kernels<Stored>* kernels_;
  std::size_t factors_;
  aligned_vector<Stored> panels_;
  std::vector<strip_bounds> bounds_;
};

}  // namespace kindred::detail
