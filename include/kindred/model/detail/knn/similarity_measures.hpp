#pragma once

#include <kindred/model/similarity.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kindred::detail {

// What is added up over the columns that two rows have in common. All start at zeros.

/// Where nobody asks how many there were.
struct bare_product {
  float product = 0;

  void add(float a, float b) noexcept { product += a * b; }
  friend bool operator==(const bare_product&, const bare_product&) = default;
};

struct product_sums {
  float product = 0;
  std::int32_t count = 0;

  void add(float a, float b) noexcept {
    product += a * b;
    ++count;
  }
  friend bool operator==(const product_sums&, const product_sums&) = default;
};

struct difference_sums {
  float squares = 0;
  std::int32_t count = 0;

  void add(float a, float b) noexcept {
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

  void add(float a, float b) noexcept {
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

  void add(float x, float y) noexcept {
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
  std::span<const float> left;
  std::span<const float> right;
  double columns = 0;  ///< how many there are
};

/// sum ab, scaled by row: every cosine over all ratings, and bm25.
template <class Sums>
struct scaled_product {
  using sums = Sums;
  row_facts rows;

  [[nodiscard]] bool symmetric() const noexcept { return rows.left.data() == rows.right.data(); }
  [[nodiscard]] float operator()(const sums& s, std::size_t a, std::size_t b) const noexcept {
    return s.product * (rows.left[a] * rows.right[b]);
  }
};

struct common_cosine {
  using sums = square_sums;

  [[nodiscard]] static bool symmetric() noexcept { return true; }
  [[nodiscard]] float operator()(const sums& s, std::size_t, std::size_t) const noexcept {
    const double squares = static_cast<double>(s.a_squares) * static_cast<double>(s.b_squares);
    return static_cast<float>(static_cast<double>(s.product) / std::sqrt(squares));
  }
};

/// The correlation coefficient of the common ratings; 0 if those of a row are all the same.
struct common_correlation {
  using sums = moment_sums;

  [[nodiscard]] static bool symmetric() noexcept { return true; }
  [[nodiscard]] float operator()(const sums& s, std::size_t, std::size_t) const noexcept {
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
  [[nodiscard]] float operator()(const sums& s, std::size_t, std::size_t) const noexcept {
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
  [[nodiscard]] float operator()(const sums& s, std::size_t a, std::size_t b) const noexcept {
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
  [[nodiscard]] float operator()(const sums& s, std::size_t a, std::size_t b) const noexcept {
    if (s.count == 0) return 0;  // for short: it could only be negative
    const auto both = static_cast<double>(s.count);
    const auto of_a = static_cast<double>(rows.left[a]);
    const auto of_b = static_cast<double>(rows.right[b]);
    const double all = rows.columns;
    const double cells = (x_log_x(of_a - both) + x_log_x(of_b - both)) + x_log_x(both) +
                         x_log_x(all - (of_a + of_b) + both);
    const double margins = (x_log_x(of_a) + x_log_x(of_b)) +
                           (x_log_x(all - of_a) + x_log_x(all - of_b)) - x_log_x(all);
    const double ratio = std::max(0.0, 2 * (cells - margins));
    return static_cast<float>(std::copysign(ratio / (1 + ratio), both * all - of_a * of_b));
  }

  [[nodiscard]] static double x_log_x(double x) noexcept { return x > 0 ? x * std::log(x) : 0; }
};

/// What the number of common ratings makes of a similarity.
class pair_confidence {
 public:
  explicit pair_confidence(const similarity_options& o) noexcept
      : least_(o.min_support),
        freedom_(o.measure == similarity::baseline_pearson ? 1 : 0),
        shrinkage_(static_cast<float>(o.shrinkage)),
        significance_(static_cast<float>(o.significance)) {}

  /// Whether the factor is 1 for all rows that have anything in common.
  [[nodiscard]] bool certain() const noexcept {
    return least_ <= 1 && shrinkage_ == 0 && significance_ == 0;
  }
  /// A factor in [0, 1].
  [[nodiscard]] float operator()(std::int32_t common) const noexcept {
    if (common < least_) return 0;
    float factor = 1;
    if (shrinkage_ > 0) {
      const auto n = static_cast<float>(common - freedom_);
      factor = n / (n + shrinkage_);
    }
    if (significance_ > 0)
      factor *= std::min(static_cast<float>(common), significance_) / significance_;
    return factor;
  }

 private:
  std::int32_t least_;
  std::int32_t freedom_;
  float shrinkage_;
  float significance_;
};

/// Calls `f(measure)` with the measure of the options. To add one: an enumerator, here which type
/// it is, and in vector_maker what it makes of ratings and knows of rows.
template <class Function>
void with_measure(const similarity_options& o, const row_facts& rows, const Function& f) {
  const bool common = o.norms == similarity_norms::common;
  const auto product = [&] {
    return pair_confidence(o).certain() ? f(scaled_product<bare_product>{rows})
                                        : f(scaled_product<product_sums>{rows});
  };
  switch (o.measure) {
    case similarity::pearson:
      return common ? f(common_correlation{}) : product();
    case similarity::cosine:
    case similarity::adjusted_cosine:
    case similarity::baseline_pearson:
      return common ? f(common_cosine{}) : product();
    case similarity::tf_idf:
    case similarity::bm25:
    case similarity::asymmetric_cosine:
      return product();
    case similarity::mean_squared_difference:
      return f(likeness_by_difference{});
    case similarity::jaccard:
      return f(tversky_index{rows});
    case similarity::tversky:
      return f(tversky_index{rows, static_cast<float>(o.alpha), static_cast<float>(o.beta)});
    case similarity::log_likelihood:
      return f(log_likelihood_ratio{rows});
  }
}

}  // namespace kindred::detail
