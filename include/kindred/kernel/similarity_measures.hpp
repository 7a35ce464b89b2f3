#pragma once

#include <kindred/core/host_device.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <variant>

/// What makes two rows of ratings alike: sums over the columns that they have in common, and
/// similarities made of them. See similarity.hpp for what each measure is, and its source.
namespace kindred::kernel {

// What is added up over the columns that two rows have in common. All start at zeros.

/// Where nobody asks how many there were.
struct bare_product {
  float product = 0;

  KINDRED_HOST_DEVICE void add(float a, float b) noexcept { product += a * b; }
  friend bool operator==(const bare_product&, const bare_product&) = default;
};

struct product_sums {
  float product = 0;
  std::int32_t count = 0;

  KINDRED_HOST_DEVICE void add(float a, float b) noexcept {
    product += a * b;
    ++count;
  }
  friend bool operator==(const product_sums&, const product_sums&) = default;
};

struct difference_sums {
  float squares = 0;
  std::int32_t count = 0;

  KINDRED_HOST_DEVICE void add(float a, float b) noexcept {
    squares += (a - b) * (a - b);
    ++count;
  }
  friend bool operator==(const difference_sums&, const difference_sums&) = default;
};

struct square_sums {
  float product = 0;
  float a_squares = 0;
  float b_squares = 0;
  std::int32_t count = 0;

  KINDRED_HOST_DEVICE void add(float a, float b) noexcept {
    product += a * b;
    a_squares += a * a;
    b_squares += b * b;
    ++count;
  }
  friend bool operator==(const square_sums&, const square_sums&) = default;
};

/// In double, since a variance is a small difference of large sums.
struct moment_sums {
  double a = 0;
  double b = 0;
  double aa = 0;
  double bb = 0;
  double ab = 0;
  std::int32_t count = 0;

  KINDRED_HOST_DEVICE void add(float x, float y) noexcept {
    const auto p = static_cast<double>(x);
    const auto q = static_cast<double>(y);
    a += p;
    b += q;
    aa += p * p;
    bb += q * q;
    ab += p * q;
    ++count;
  }
  friend bool operator==(const moment_sums&, const moment_sums&) = default;
};

// A measure says which sums it wants and makes a similarity of them, for the neighbours of row `a`:
// 0 or NaN where nothing is in common. Where it is symmetric, the result has the same bits with `a`
// and `b` exchanged.

/// What a measure may know of the rows, by label.
struct row_facts {
  const float* left = nullptr;
  const float* right = nullptr;
  double columns = 0;  ///< how many there are
};

/// sum ab, scaled by row: every cosine over all ratings, and bm25.
template <class Sums>
struct scaled_product {
  using sums = Sums;
  row_facts rows;

  [[nodiscard]] bool symmetric() const noexcept { return rows.left == rows.right; }
  [[nodiscard]] KINDRED_HOST_DEVICE float operator()(const sums& s, std::size_t a,
                                                     std::size_t b) const noexcept {
    return s.product * (rows.left[a] * rows.right[b]);
  }
};

struct common_cosine {
  using sums = square_sums;

  [[nodiscard]] static bool symmetric() noexcept { return true; }
  [[nodiscard]] KINDRED_HOST_DEVICE float operator()(const sums& s, std::size_t,
                                                     std::size_t) const noexcept {
    const double squares = static_cast<double>(s.a_squares) * static_cast<double>(s.b_squares);
    return static_cast<float>(static_cast<double>(s.product) / std::sqrt(squares));
  }
};

/// The correlation coefficient of the common ratings; 0 if those of a row are all the same.
struct common_correlation {
  using sums = moment_sums;

  [[nodiscard]] static bool symmetric() noexcept { return true; }
  [[nodiscard]] KINDRED_HOST_DEVICE float operator()(const sums& s, std::size_t,
                                                     std::size_t) const noexcept {
    constexpr double rounding = 1e-12;
    const auto n = static_cast<double>(s.count);
    const double a = n * s.aa - s.a * s.a;
    const double b = n * s.bb - s.b * s.b;
    if (!(a > rounding * n * s.aa) || !(b > rounding * n * s.bb)) return 0;
    return static_cast<float>((n * s.ab - s.a * s.b) / std::sqrt(a * b));
  }
};

struct likeness_by_difference {
  using sums = difference_sums;

  [[nodiscard]] static bool symmetric() noexcept { return true; }
  [[nodiscard]] KINDRED_HOST_DEVICE float operator()(const sums& s, std::size_t,
                                                     std::size_t) const noexcept {
    const auto n = static_cast<float>(s.count);
    return n / (n + s.squares);
  }
};

/// Of sets: jaccard and tversky.
struct tversky_index {
  using sums = product_sums;
  row_facts rows;
  float alpha = 1;
  float beta = 1;

  [[nodiscard]] bool symmetric() const noexcept { return alpha == 1 && beta == 1; }
  [[nodiscard]] KINDRED_HOST_DEVICE float operator()(const sums& s, std::size_t a,
                                                     std::size_t b) const noexcept {
    const auto n = static_cast<float>(s.count);
    return n / (n + alpha * (rows.left[a] - n) + beta * (rows.right[b] - n));
  }
};

/// Of sets: how much the numbers that rated both, one and neither would surprise if they were
/// independent; negative where fewer rated both than were to be expected.
struct log_likelihood_ratio {
  using sums = product_sums;
  row_facts rows;

  [[nodiscard]] static bool symmetric() noexcept { return true; }
  [[nodiscard]] KINDRED_HOST_DEVICE float operator()(const sums& s, std::size_t a,
                                                     std::size_t b) const noexcept {
    if (s.count == 0) return 0;  // for short: it could only be negative
    const auto both = static_cast<double>(s.count);
    const auto of_a = static_cast<double>(rows.left[a]);
    const auto of_b = static_cast<double>(rows.right[b]);
    const double all = rows.columns;
    const double cells = (x_log_x(of_a - both) + x_log_x(of_b - both)) + x_log_x(both) +
                         x_log_x(all - (of_a + of_b) + both);
    const double margins = (x_log_x(of_a) + x_log_x(of_b)) +
                           (x_log_x(all - of_a) + x_log_x(all - of_b)) - x_log_x(all);
    const double twice = 2 * (cells - margins);
    const double ratio = twice > 0 ? twice : 0;
    return static_cast<float>(std::copysign(ratio / (1 + ratio), both * all - of_a * of_b));
  }

  [[nodiscard]] KINDRED_HOST_DEVICE static double x_log_x(double x) noexcept {
    return x > 0 ? x * std::log(x) : 0;
  }
};

/// What the number of common ratings makes of a similarity.
struct pair_confidence {
  std::int32_t least = 1;    ///< ratings in common
  std::int32_t freedom = 0;  ///< that shrinkage does not count
  float shrinkage = 0;
  float significance = 0;

  /// Whether the factor is 1 for all rows that have anything in common.
  [[nodiscard]] bool certain() const noexcept {
    return least <= 1 && shrinkage == 0 && significance == 0;
  }
  /// A factor in [0, 1].
  [[nodiscard]] KINDRED_HOST_DEVICE float operator()(std::int32_t common) const noexcept {
    if (common < least) return 0;
    float factor = 1;
    if (shrinkage > 0) {
      const auto n = static_cast<float>(common - freedom);
      factor = n / (n + shrinkage);
    }
    const auto n = static_cast<float>(common);
    if (significance > 0) factor *= (n < significance ? n : significance) / significance;
    return factor;
  }
};

/// That of sums, 1 for those that do not count.
template <class Sums>
[[nodiscard]] KINDRED_HOST_DEVICE float confidence_in(const pair_confidence& confidence,
                                                      const Sums& sums) noexcept {
  if constexpr (requires { sums.count; })
    return confidence(sums.count);
  else
    return 1;
}

/// Any of them.
using similarity_measure =
    std::variant<scaled_product<bare_product>, scaled_product<product_sums>, common_cosine,
                 common_correlation, likeness_by_difference, tversky_index, log_likelihood_ratio>;

}  // namespace kindred::kernel
