#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/knn/entity_vectors.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/knn_options.hpp>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>

namespace kindred::detail {

/// What is expected of a rating without neighbours, and how far those of the neighbours are from
/// that.
class knn_centre {
 public:
  knn_centre() = default;
  /// Of the predictors without a baseline. O(ratings).
  knn_centre(const rating_lists& rows, double mean, knn_predictor predictor, const host_loop& loop)
      : zero_(predictor == knn_predictor::plain), mean_(mean) {
    if (predictor == knn_predictor::plain) return;
    aligned_vector<float> biases(rows.rows());
    aligned_vector<float> scales(predictor == knn_predictor::z_score ? rows.rows() : 0);
    const double overall = scales.empty() ? 0 : deviation_of(rows.values.span(), mean, 1);
    for_each_index(loop, biases.size(), [&](std::size_t r) {
      const auto values = rows[r].values;
      const double own = values.empty() ? mean : mean_of(values);
      biases[r] = static_cast<float>(own - mean);
      if (!scales.empty()) scales[r] = static_cast<float>(deviation_of(values, own, overall));
    });
    row_biases_ = std::move(biases);
    row_scales_ = std::move(scales);
  }
  /// Of the predictor with one.
  explicit knn_centre(const side_biases& baseline) : zero_(false), mean_(baseline.mean) {
    row_biases_ = aligned_vector<float>(baseline.rows.begin(), baseline.rows.end());
    column_biases_ = aligned_vector<float>(baseline.columns.begin(), baseline.columns.end());
  }

  /// Without neighbours; what is not known of an index is left out.
  [[nodiscard]] double fallback(index row, index column) const noexcept {
    return biased_mean(mean_, row_biases_.span(), column_biases_.span(), row, column);
  }
  /// What the neighbours' deviations are added to.
  [[nodiscard]] double base(index row, index column) const noexcept {
    return zero_ ? 0 : fallback(row, column);
  }
  /// Of a rating, in terms of the row's scale. The row is known.
  [[nodiscard]] double deviation(index row, index column, float rating) const noexcept {
    return (static_cast<double>(rating) - base(row, column)) / scale(row);
  }
  [[nodiscard]] double scale(index row) const noexcept {
    return row_scales_.empty() ? 1
                               : static_cast<double>(row_scales_[static_cast<std::size_t>(row)]);
  }

  template <class Writer>
  void write(Writer& out) const {
    out.set("mean", mean_);
    out.add("row_biases", row_biases_, {row_biases_.size()});
    out.add("column_biases", column_biases_, {column_biases_.size()});
    out.add("row_scales", row_scales_, {row_scales_.size()});
  }
  /// Throws data_error unless it has what the predictor needs for so many rows and columns.
  template <class Reader>
  [[nodiscard]] static knn_centre read(const Reader& in, knn_predictor predictor, std::size_t rows,
                                       std::size_t columns) {
    knn_centre read;
    const bool scaled = predictor == knn_predictor::z_score;
    const bool baseline = predictor == knn_predictor::baseline;
    read.zero_ = predictor == knn_predictor::plain;
    read.mean_ = in.template get<double>("mean");
    read.row_biases_ = in.template array<float>("row_biases", {read.zero_ ? 0 : rows});
    read.column_biases_ = in.template array<float>("column_biases", {baseline ? columns : 0});
    read.row_scales_ = in.template array<float>("row_scales", {scaled ? rows : 0});
    for (const float scale : read.row_scales_)
      if (!(scale > 0)) throw data_error("row_scales has " + to_text(scale));
    return read;
  }

 private:
  static double mean_of(std::span<const float> values) noexcept {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  }
  /// The standard deviation, or `otherwise` if the values are all the same.
  static double deviation_of(std::span<const float> values, double mean,
                             double otherwise) noexcept {
    double squares = 0;
    for (const float value : values) {
      const double difference = static_cast<double>(value) - mean;
      squares += difference * difference;
    }
    const double deviation = std::sqrt(squares / static_cast<double>(values.size()));
    return deviation > 1e-7 * std::abs(mean) ? deviation : otherwise;
  }

  bool zero_ = true;
  double mean_ = 0;
  shared_array<float> row_biases_;     ///< empty with `plain`
  shared_array<float> column_biases_;  ///< of the baseline only
  shared_array<float> row_scales_;     ///< of z_score only
};

}  // namespace kindred::detail
