#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/knn/knn_centre.hpp>
#include <kindred/model/detail/knn/nearest_few.hpp>
#include <kindred/model/detail/knn/sorted_join.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/explanation.hpp>
#include <kindred/model/knn_options.hpp>
#include <kindred/model/neighbor_lists.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// A fitted neighbourhood model, seen from the side whose rows are compared.
struct neighborhood {
  rating_lists rows;     ///< the ratings by row,
  rating_lists columns;  ///< and by column
  neighbor_lists neighbors;
  knn_centre centre;

  /// Calls `f(part)` for what makes the rating of a pair: of the row's neighbours that are rated in
  /// the column, the nearest `k`. Returns what their parts are added to. There are no parts, and
  /// the fallback of the centre, if they are fewer than `min_k` or an index is unknown.
  template <class Function>
  double for_each_part(index row, index column, const knn_options& options,
                       const Function& f) const {
    if (!rows.contains(row) || !columns.contains(column)) return centre.fallback(row, column);
    const neighbor_list near = neighbors[static_cast<std::size_t>(row)];
    const weighted_ratings ratings = columns[static_cast<std::size_t>(column)];
    const auto visit_all = [&](const auto& visit) {
      sorted_join(near.rows, ratings.indices, [&](std::size_t n, std::size_t at) {
        visit(neighbor{static_cast<index>(at), near.similarities[n]});
      });
    };
    const auto least = static_cast<std::size_t>(options.min_k);
    if (options.k == 0) return add_up(row, column, ratings, least, visit_all, f);
    nearest_few few(static_cast<std::size_t>(options.k));
    visit_all([&](const neighbor& one) { few.push(one); });
    few.finish();
    return add_up(
        row, column, ratings, least, [&](const auto& visit) { few.for_each(visit); }, f);
  }

  /// What for_each_part adds up to, with `k` and `min_k` of the options.
  [[nodiscard]] double predict(index row, index column, const knn_options& options) const noexcept {
    double sum = 0;
    const double base =
        for_each_part(row, column, options, [&](const explanation_part& one) { sum += one.part; });
    return base + sum;
  }

  /// Calls `f(item, part)` for what adds up to the scores of a user, rows being items: each item
  /// that the user rated adds to all of its neighbours (Deshpande, Karypis, "Item-based top-N
  /// recommendation algorithms", TOIS 22(1), 2004). Parts are floats.
  template <class Function>
  void for_each_item_part(index user, const Function& f) const {
    const weighted_ratings ratings = columns[static_cast<std::size_t>(user)];
    for (std::size_t at = 0; at < ratings.size(); ++at) {
      const index rated = ratings.indices[at];
      const float rating = ratings.values[at];
      const auto weight =
          static_cast<float>(ratings.weight(at) * centre.deviation(rated, user, rating));
      const neighbor_list near = neighbors[static_cast<std::size_t>(rated)];
      for (std::size_t n = 0; n < near.size(); ++n) {
        const float similarity = near.similarities[n];
        const float part = similarity * weight * static_cast<float>(centre.scale(near.rows[n]));
        f(near.rows[n], explanation_part{rated, similarity, rating, static_cast<double>(part)});
      }
    }
  }
  /// The same, rows being users: each neighbour adds to all items that he rated.
  template <class Function>
  void for_each_user_part(index user, const Function& f) const {
    const neighbor_list near = neighbors[static_cast<std::size_t>(user)];
    const auto scale = static_cast<float>(centre.scale(user));
    for (std::size_t n = 0; n < near.size(); ++n) {
      const index other = near.rows[n];
      const float similarity = near.similarities[n];
      const weighted_ratings ratings = rows[static_cast<std::size_t>(other)];
      for (std::size_t at = 0; at < ratings.size(); ++at) {
        const index item = ratings.indices[at];
        const float rating = ratings.values[at];
        const auto weight =
            static_cast<float>(ratings.weight(at) * centre.deviation(other, item, rating));
        const float part = similarity * weight * scale;
        f(item, explanation_part{other, similarity, rating, static_cast<double>(part)});
      }
    }
  }

  template <class Writer>
  void write(Writer& out) const {
    rows.write(out, "row");
    columns.write(out, "column");
    neighbors.write(out);
    centre.write(out);
  }
  /// Throws data_error unless its parts are sound and fit each other.
  template <class Reader>
  [[nodiscard]] static neighborhood read(const Reader& in, knn_predictor predictor) {
    neighborhood read;
    // No offsets at all are refused with the lists that they are of.
    const std::size_t count = std::max<std::size_t>(in.rows("row_offsets"), 1) - 1;
    const std::size_t others = std::max<std::size_t>(in.rows("column_offsets"), 1) - 1;
    read.rows = rating_lists::read(in, "row", others);
    read.columns = rating_lists::read(in, "column", count);
    read.neighbors = neighbor_lists::read(in);
    if (read.neighbors.size() != count)
      throw data_error("there are " + to_text(read.neighbors.size()) + " lists of neighbours for " +
                       to_text(count) + " rows");
    read.centre = knn_centre::read(in, predictor, count, others);
    return read;
  }

 private:
  /// `visit_all(visit)` visits neighbours with their places in `ratings` for rows.
  template <class Visit, class Function>
  double add_up(index row, index column, const weighted_ratings& ratings, std::size_t least,
                const Visit& visit_all, const Function& f) const {
    double total = 0;
    std::size_t count = 0;
    visit_all([&](const neighbor& one) {
      total += static_cast<double>(std::abs(one.similarity)) *
               ratings.weight(static_cast<std::size_t>(one.row));
      ++count;
    });
    if (count < least || !(total > 0)) return centre.fallback(row, column);
    const double scale = centre.scale(row) / total;
    visit_all([&](const neighbor& one) {
      const auto at = static_cast<std::size_t>(one.row);
      const index other = ratings.indices[at];
      const float rating = ratings.values[at];
      f(explanation_part{other, one.similarity, rating,
                         static_cast<double>(one.similarity) * ratings.weight(at) *
                             centre.deviation(other, column, rating) * scale});
    });
    return centre.base(row, column);
  }
};

}  // namespace kindred::detail
