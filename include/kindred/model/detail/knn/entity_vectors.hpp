#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/similarity.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>

namespace kindred::detail {

/// mean + b_row + b_column, for the measure that compares what is left of it.
struct side_biases {
  double mean = 0;
  std::span<const float> rows{};
  std::span<const float> columns{};
};

/// Rows as a measure compares them.
struct entity_vectors {
  shared_array<index> column_offsets;  ///< where each column begins, were they stored by column
  shared_array<index> offsets;
  shared_array<index> indices;  ///< the columns of each row, ascending
  shared_array<float> values;   ///< what the measure makes of the ratings
  /// What the measure knows of each row, as the first and as the second of a pair.
  shared_array<float> left;
  shared_array<float> right;

  [[nodiscard]] std::size_t rows() const noexcept { return offsets.size() - 1; }
  [[nodiscard]] std::size_t columns() const noexcept { return column_offsets.size() - 1; }
  [[nodiscard]] std::size_t begin(std::size_t row) const noexcept {
    return static_cast<std::size_t>(offsets[row]);
  }
  [[nodiscard]] std::size_t size(std::size_t row) const noexcept {
    return begin(row + 1) - begin(row);
  }
};

/// Makes the vectors of one measure.
class vector_maker {
 public:
  /// All must outlive the maker. `biases` are only read for baseline_pearson.
  vector_maker(const rating_lists& rows, const rating_lists& columns,
               const similarity_options& options, const side_biases& biases, const host_loop& loop)
      : rows_(rows), columns_(columns), options_(options), biases_(biases), loop_(loop) {}

  /// O(ratings). Throws data_error for a rating that the measure cannot take.
  [[nodiscard]] entity_vectors make() const {
    entity_vectors made{columns_.offsets, rows_.offsets, rows_.indices, values(), {}, {}};
    fill_scales(made);
    return made;
  }

 private:
  [[nodiscard]] shared_array<float> values() const {
    switch (options_.measure) {
      case similarity::adjusted_cosine:
        return minus([means = means_of(columns_)](std::size_t, std::size_t c) { return means[c]; });
      case similarity::baseline_pearson:
        return minus([this](std::size_t r, std::size_t c) {
          return biases_.mean + static_cast<double>(biases_.rows[r]) +
                 static_cast<double>(biases_.columns[c]);
        });
      case similarity::pearson:
        if (options_.norms == similarity_norms::common) return rows_.values;
        return minus([means = means_of(rows_)](std::size_t r, std::size_t) { return means[r]; });
      case similarity::tf_idf:
        return map([rarity = rarity()](std::size_t, std::size_t c, double value) {
          return std::sqrt(value) * rarity[c];
        });
      case similarity::bm25:
        return map([this, rarity = rarity(), length = relative_lengths()](
                       std::size_t r, std::size_t c, double value) {
          const double saturation = options_.k1 * (1 - options_.b + options_.b * length[r]) + value;
          return saturation > 0 ? value * (options_.k1 + 1) / saturation * rarity[c] : 0;
        });
      default:
        return rows_.values;
    }
  }

  void fill_scales(entity_vectors& made) const {
    const auto both = [&](const auto& f) { made.left = made.right = per_row(f); };
    const auto squares = [&](std::size_t r) {
      double sum = 0;
      for (std::size_t k = made.begin(r); k < made.begin(r + 1); ++k)
        sum += static_cast<double>(made.values[k]) * static_cast<double>(made.values[k]);
      return sum;
    };
    const auto power_of_norm = [&](double exponent) {
      return [&squares, exponent](std::size_t r) {
        const double square = squares(r);
        return square > 0 ? std::pow(square, exponent / 2) : 0;
      };
    };
    switch (options_.measure) {
      case similarity::cosine:
      case similarity::adjusted_cosine:
      case similarity::pearson:
      case similarity::baseline_pearson:
        if (options_.norms == similarity_norms::all) both(power_of_norm(-1));
        break;
      case similarity::tf_idf:
        both(power_of_norm(-1));
        break;
      case similarity::bm25:
        both([](std::size_t) { return 1; });
        break;
      case similarity::asymmetric_cosine:
        made.left = per_row(power_of_norm(-2 * options_.alpha));
        made.right = per_row(power_of_norm(-2 * (1 - options_.alpha)));
        break;
      case similarity::jaccard:
      case similarity::tversky:
      case similarity::log_likelihood:
        both([&](std::size_t r) { return made.size(r); });
        break;
      case similarity::mean_squared_difference:
        break;
    }
  }

  template <class Function>
  [[nodiscard]] shared_array<float> per_row(const Function& f) const {
    aligned_vector<float> made(rows_.rows());
    for_each_index(loop_, made.size(), [&](std::size_t r) { made[r] = static_cast<float>(f(r)); });
    return made;
  }

  /// `f(row, column, value)` of each rating.
  template <class Function>
  [[nodiscard]] aligned_vector<float> map(const Function& f) const {
    aligned_vector<float> made(rows_.values.size());
    for_each_index(loop_, rows_.rows(), [&](std::size_t r) {
      for (auto k = static_cast<std::size_t>(rows_.offsets[r]);
           k < static_cast<std::size_t>(rows_.offsets[r + 1]); ++k)
        made[k] = static_cast<float>(
            f(r, static_cast<std::size_t>(rows_.indices[k]), static_cast<double>(rows_.values[k])));
    });
    return made;
  }
  template <class Expected>
  [[nodiscard]] aligned_vector<float> minus(const Expected& expected) const {
    return map([&](std::size_t r, std::size_t c, double value) { return value - expected(r, c); });
  }

  [[nodiscard]] static double sum_of(const rating_lists& lists, std::size_t row) {
    const auto values = lists[row].values;
    return std::accumulate(values.begin(), values.end(), 0.0);
  }
  [[nodiscard]] aligned_vector<double> means_of(const rating_lists& lists) const {
    aligned_vector<double> means(lists.rows());
    for_each_index(loop_, means.size(), [&](std::size_t r) {
      means[r] = sum_of(lists, r) / static_cast<double>(std::max<std::size_t>(lists[r].size(), 1));
    });
    return means;
  }

  /// The inverse document frequency of each column; and there may be no negative ratings.
  [[nodiscard]] aligned_vector<double> rarity() const {
    const auto negative = std::find_if(rows_.values.begin(), rows_.values.end(),
                                       [](float value) { return value < 0; });
    if (negative != rows_.values.end())
      throw data_error("rating " + to_text(*negative) +
                       " is negative, which tf_idf and bm25 cannot take");
    aligned_vector<double> logarithms(columns_.rows());
    for (std::size_t c = 0; c < logarithms.size(); ++c)
      logarithms[c] = std::log(static_cast<double>(rows_.rows())) -
                      std::log1p(static_cast<double>(columns_[c].size()));
    return logarithms;
  }
  /// The sum of each row's ratings in terms of the mean sum.
  [[nodiscard]] aligned_vector<double> relative_lengths() const {
    aligned_vector<double> lengths(rows_.rows());
    for_each_index(loop_, lengths.size(), [&](std::size_t r) { lengths[r] = sum_of(rows_, r); });
    const double total = std::accumulate(lengths.begin(), lengths.end(), 0.0);
    if (total > 0)
      for (double& length : lengths) length *= static_cast<double>(lengths.size()) / total;
    return lengths;
  }

  const rating_lists& rows_;
  const rating_lists& columns_;
  const similarity_options& options_;
  const side_biases& biases_;
  const host_loop& loop_;
};

}  // namespace kindred::detail
