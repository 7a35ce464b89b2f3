#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/co_rated_sums.hpp>
#include <kindred/model/detail/rated_items.hpp>

#include <cstddef>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The inner products of one item's column with those of the others, as far as they are not 0.
struct gram_row {
  std::vector<index> columns;  ///< ascending; empty if there are values for all items
  std::vector<float> values;

  [[nodiscard]] bool dense() const noexcept { return columns.empty(); }
  /// Calls `visit(item, product)` in ascending order.
  template <class Visit>
  void for_each(const Visit& visit) const {
    if (dense()) {
      for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i] != 0) visit(static_cast<index>(i), values[i]);
    } else {
      for (std::size_t n = 0; n < columns.size(); ++n) visit(columns[n], values[n]);
    }
  }
};

/// The Gram matrix of the items' columns, each row sparse or, from a quarter full on, dense: at
/// most 16 bytes for a product that is not 0.
class item_gram {
 public:
  template <host_backend Backend>
  item_gram(const Backend& backend, const dataset& train, const rated_items& rated,
            const std::stop_token& stop)
      : rows_(static_cast<std::size_t>(train.num_items())), diagonal_(rows_.size()) {
    backend.for_range(rows_.size(), [&](std::size_t first, std::size_t last) {
      co_rated_sums sums(rows_.size());
      for (std::size_t i = first; i < last && !stop.stop_requested(); ++i) {
        sums.start(co_rated_terms(train, static_cast<index>(i)));
        for (const auto [user, value] : train.by_item(static_cast<index>(i))) {
          const item_values of_user = rated.of(user);
          const float counted = rated.counted(value);
          for (std::size_t k = 0; k < of_user.items.size(); ++k)
            sums.add(of_user.items[k], counted * of_user.value(k));
        }
        float& own = sums[static_cast<index>(i)].sum;
        diagonal_[i] = static_cast<double>(std::exchange(own, 0.0F));
        rows_[i] = row_of(sums);
      }
    });
  }

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  /// Without the diagonal.
  [[nodiscard]] const gram_row& operator[](std::size_t item) const noexcept { return rows_[item]; }
  [[nodiscard]] double diagonal(std::size_t item) const noexcept { return diagonal_[item]; }

 private:
  [[nodiscard]] gram_row row_of(co_rated_sums& sums) const {
    gram_row row;
    const std::span<const index> touched = sums.finish();
    if (4 * touched.size() >= rows_.size()) {
      row.values.resize(rows_.size());
      for (const index other : touched)
        row.values[static_cast<std::size_t>(other)] = sums[other].sum;
      return row;
    }
    row.columns.reserve(touched.size());
    row.values.reserve(touched.size());
    for (const index other : touched) {
      if (sums[other].sum == 0) continue;
      row.columns.push_back(other);
      row.values.push_back(sums[other].sum);
    }
    return row;
  }

  std::vector<gram_row> rows_;
  std::vector<double> diagonal_;
};

}  // namespace kindred::detail
