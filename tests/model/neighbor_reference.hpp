#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/neighbor_lists.hpp>
#include <kindred/model/similarity.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

#include "../data/support.hpp"

namespace kindred::test {

/// Similarities straight from their definitions: pair by pair, in double, without the library.
class neighbor_reference {
 public:
  neighbor_reference(const dataset& data, axis side, const similarity_options& options,
                     const baseline_options& baseline = {})
      : options_(options) {
    const bool users = side == axis::users;
    rows_.resize(static_cast<std::size_t>(users ? data.num_users() : data.num_items()));
    columns_.resize(static_cast<std::size_t>(users ? data.num_items() : data.num_users()));
    for (const rating& r : ratings_of(data))
      add(users ? r.user : r.item, users ? r.item : r.user, r.value);
    vectors_ = rows_;
    for (std::size_t a = 0; a < rows_.size(); ++a)
      for (auto& [c, value] : vectors_[a]) value = transformed(a, c, value);
    if (options.measure != similarity::baseline_pearson) return;
    baseline_model model(baseline);
    model.fit(data);
    const auto of_rows = users ? model.user_biases() : model.item_biases();
    const auto of_columns = users ? model.item_biases() : model.user_biases();
    for (std::size_t a = 0; a < rows_.size(); ++a)
      for (auto& [c, value] : vectors_[a])
        value -=
            model.mean() + static_cast<double>(of_rows[a]) + static_cast<double>(of_columns[c]);
  }

  [[nodiscard]] std::size_t size() const { return rows_.size(); }

  /// Of b, among the neighbours of a.
  [[nodiscard]] double operator()(std::size_t a, std::size_t b) const {
    std::vector<std::pair<double, double>> common;
    for (const auto& [c, value] : vectors_[a])
      if (vectors_[b].contains(c)) common.emplace_back(value, vectors_[b].at(c));
    const auto n = static_cast<double>(common.size());
    if (n < options_.min_support || n == 0) return 0;
    double similarity = measure(a, b, common);
    if (options_.shrinkage > 0) {
      const double freedom = options_.measure == similarity::baseline_pearson ? n - 1 : n;
      similarity *= freedom / (freedom + options_.shrinkage);
    }
    if (options_.significance > 0)
      similarity *= std::min<double>(n, options_.significance) / options_.significance;
    if (!options_.negative && similarity < 0) return 0;
    return std::abs(similarity) < options_.min_similarity ? 0 : similarity;
  }

 private:
  using vector = std::map<std::size_t, double>;
  using pairs = std::vector<std::pair<double, double>>;

  void add(index row, index column, float value) {
    rows_[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] =
        static_cast<double>(value);
    columns_[static_cast<std::size_t>(column)][static_cast<std::size_t>(row)] =
        static_cast<double>(value);
  }

  static double sum(const vector& v) {
    double total = 0;
    for (const auto& [c, value] : v) total += value;
    return total;
  }
  static double mean(const vector& v) { return sum(v) / static_cast<double>(v.size()); }
  static double square(const vector& v) {
    double total = 0;
    for (const auto& [c, value] : v) total += value * value;
    return total;
  }

  [[nodiscard]] double transformed(std::size_t a, std::size_t c, double value) const {
    const double rarity =
        std::log(static_cast<double>(rows_.size()) / (1 + static_cast<double>(columns_[c].size())));
    switch (options_.measure) {
      case similarity::adjusted_cosine:
        return value - mean(columns_[c]);
      case similarity::pearson:
        return options_.norms == similarity_norms::all ? value - mean(rows_[a]) : value;
      case similarity::tf_idf:
        return std::sqrt(value) * rarity;
      case similarity::bm25: {
        double total = 0;
        for (const vector& row : rows_) total += sum(row);
        const double length = sum(rows_[a]) * static_cast<double>(rows_.size()) / total;
        return value * (options_.k1 + 1) /
               (options_.k1 * (1 - options_.b + options_.b * length) + value) * rarity;
      }
      default:
        return value;
    }
  }

  [[nodiscard]] double measure(std::size_t a, std::size_t b, const pairs& common) const {
    const auto n = static_cast<double>(common.size());
    const auto of_a = static_cast<double>(rows_[a].size());
    const auto of_b = static_cast<double>(rows_[b].size());
    switch (options_.measure) {
      case similarity::mean_squared_difference: {
        double squares = 0;
        for (const auto& [x, y] : common) squares += (x - y) * (x - y);
        return 1 / (1 + squares / n);
      }
      case similarity::jaccard:
        return n / (of_a + of_b - n);
      case similarity::tversky:
        return n / (n + options_.alpha * (of_a - n) + options_.beta * (of_b - n));
      case similarity::log_likelihood: {
        const auto all = static_cast<double>(columns_.size());
        const auto cell = [&](double k, double row, double column) {
          return k > 0 ? 2 * k * std::log(k * all / (row * column)) : 0;
        };
        const double ratio = cell(n, of_a, of_b) + cell(of_a - n, of_a, all - of_b) +
                             cell(of_b - n, all - of_a, of_b) +
                             cell(all - of_a - of_b + n, all - of_a, all - of_b);
        return std::copysign(1 - 1 / (1 + ratio), n * all - of_a * of_b);
      }
      case similarity::pearson:
        return options_.norms == similarity_norms::all ? cosine(a, b, common) : correlation(common);
      default:
        return cosine(a, b, common);
    }
  }

  [[nodiscard]] double cosine(std::size_t a, std::size_t b, const pairs& common) const {
    double product = 0;
    double aa = 0;
    double bb = 0;
    for (const auto& [x, y] : common) {
      product += x * y;
      aa += x * x;
      bb += y * y;
    }
    if (options_.measure == similarity::bm25) return product;
    const bool whole = options_.norms == similarity_norms::all ||
                       options_.measure == similarity::tf_idf ||
                       options_.measure == similarity::asymmetric_cosine;
    if (whole) {
      aa = square(vectors_[a]);
      bb = square(vectors_[b]);
    }
    const double alpha = options_.measure == similarity::asymmetric_cosine ? options_.alpha : 0.5;
    const double scale = std::pow(aa, alpha) * std::pow(bb, 1 - alpha);
    return scale > 0 ? product / scale : 0;
  }

  /// By differences from the means of the common ratings.
  static double correlation(const pairs& common) {
    double a = 0;
    double b = 0;
    for (const auto& [x, y] : common) {
      a += x / static_cast<double>(common.size());
      b += y / static_cast<double>(common.size());
    }
    double product = 0;
    double aa = 0;
    double bb = 0;
    for (const auto& [x, y] : common) {
      product += (x - a) * (y - b);
      aa += (x - a) * (x - a);
      bb += (y - b) * (y - b);
    }
    return aa > 1e-9 && bb > 1e-9 ? product / std::sqrt(aa * bb) : 0;
  }

  similarity_options options_;
  std::vector<vector> rows_;
  std::vector<vector> columns_;
  std::vector<vector> vectors_;
};

inline bool same_bits(const neighbor_lists& a, const neighbor_lists& b) {
  return std::ranges::equal(a.offsets(), b.offsets()) && std::ranges::equal(a.rows(), b.rows()) &&
         std::ranges::equal(a.similarities(), b.similarities());
}

/// The similarity of b in the list of a, 0 if it is not there.
inline float similarity_in(const neighbor_lists& lists, std::size_t a, std::size_t b) {
  const auto at = std::ranges::lower_bound(lists[a].rows, static_cast<index>(b));
  if (at == lists[a].rows.end() || *at != static_cast<index>(b)) return 0;
  return lists[a].similarities[static_cast<std::size_t>(at - lists[a].rows.begin())];
}

/// Every measure, and some with options that change its course.
inline std::vector<similarity_options> all_similarities() {
  std::vector<similarity_options> all;
  for (int measure = 0; measure <= static_cast<int>(similarity::log_likelihood); ++measure)
    all.push_back({.measure = static_cast<similarity>(measure)});
  for (const auto measure : {similarity::cosine, similarity::adjusted_cosine, similarity::pearson,
                             similarity::baseline_pearson})
    all.push_back({.measure = measure, .norms = similarity_norms::common});
  all.push_back({.measure = similarity::asymmetric_cosine, .alpha = 0.2});
  all.push_back({.measure = similarity::tversky, .alpha = 0.3, .beta = 1.5});
  return all;
}

}  // namespace kindred::test
