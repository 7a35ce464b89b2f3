#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/checked_lists.hpp>
#include <kindred/model/similarity.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace kindred::detail {

/// The ratings of one user (or item), by ascending item (or user).
struct weighted_ratings {
  std::span<const index> indices;
  std::span<const float> values;
  std::span<const float> weights;  ///< empty if each is 1

  [[nodiscard]] std::size_t size() const noexcept { return indices.size(); }
  [[nodiscard]] double weight(std::size_t k) const noexcept {
    return weights.empty() ? 1 : static_cast<double>(weights[k]);
  }
};

/// The ratings as one side of a dataset sees them, a row for each user, or for each item. Shares
/// the arrays of the dataset.
struct rating_lists {
  shared_array<index> offsets = aligned_vector<index>(1, 0);
  shared_array<index> indices;
  shared_array<float> values;
  shared_array<float> weights;  ///< empty if there are none

  [[nodiscard]] std::size_t rows() const noexcept { return offsets.size() - 1; }
  [[nodiscard]] bool contains(index row) const noexcept {
    return static_cast<std::size_t>(row) < rows();  // a negative one converts to one beyond
  }
  /// Precondition: row < rows().
  [[nodiscard]] weighted_ratings operator[](std::size_t row) const noexcept {
    const auto begin = static_cast<std::size_t>(offsets[row]);
    const std::size_t count = static_cast<std::size_t>(offsets[row + 1]) - begin;
    return {indices.span().subspan(begin, count), values.span().subspan(begin, count),
            weights.empty() ? weights.span() : weights.span().subspan(begin, count)};
  }

  template <class Writer>
  void write(Writer& out, const std::string& name) const {
    out.add(name + "_offsets", offsets, {offsets.size()});
    out.add(name + "_indices", indices, {indices.size()});
    out.add(name + "_values", values, {values.size()});
    if (!weights.empty()) out.add(name + "_weights", weights, {weights.size()});
  }
  /// Throws data_error unless the lists are sound and their indices below `bound`.
  template <class Reader>
  [[nodiscard]] static rating_lists read(const Reader& in, const std::string& name,
                                         std::size_t bound) {
    rating_lists read;
    read.offsets = in.template array<index>(name + "_offsets");
    read.indices = in.template array<index>(name + "_indices");
    read.values = in.template array<float>(name + "_values", {read.indices.size()});
    if (in.contains(name + "_weights"))
      read.weights = in.template array<float>(name + "_weights", {read.indices.size()});
    check_lists(read.offsets, read.indices, bound, "the lists of ratings");
    return read;
  }
};

/// The weights of the ratings in the order of the columns; empty without weights.
[[nodiscard]] inline aligned_vector<float> weights_by_item(const dataset& data) {
  aligned_vector<float> by_item(data.row_weights().size());
  if (by_item.empty()) return by_item;
  // Rows come by user, as do the ratings of an item: each next one goes behind the one before.
  aligned_vector<index> next(data.item_offsets().begin(), data.item_offsets().end());
  for (std::size_t row = 0; row < by_item.size(); ++row) {
    const auto item = static_cast<std::size_t>(data.row_items()[row]);
    by_item[static_cast<std::size_t>(next[item]++)] = data.row_weights()[row];
  }
  return by_item;
}

/// A row for each user, or for each item.
[[nodiscard]] inline rating_lists lists_of(const dataset& data, axis side) {
  const dataset_storage& all = data.storage();
  if (side == axis::users)
    return {all.user_offsets, all.row_items, all.row_values, all.row_weights};
  return {all.item_offsets, all.column_users, all.column_values, weights_by_item(data)};
}

[[nodiscard]] constexpr axis other(axis side) noexcept {
  return side == axis::users ? axis::items : axis::users;
}

}  // namespace kindred::detail
