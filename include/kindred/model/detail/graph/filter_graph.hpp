#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/model/detail/checked_lists.hpp>
#include <kindred/model/detail/graph/lengths.hpp>
#include <kindred/model/graph_filter_options.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace kindred::detail {

/// Lists of numbers, one after the other.
struct adjacency {
  shared_array<index> offsets;
  shared_array<index> neighbors;

  [[nodiscard]] index size() const noexcept {
    return offsets.empty() ? 0 : static_cast<index>(offsets.size() - 1);
  }
  /// Nothing for one that is not known.
  [[nodiscard]] std::span<const index> of(index node) const noexcept {
    if (node < 0 || node >= size()) return {};
    const auto n = static_cast<std::size_t>(node);
    const auto begin = static_cast<std::size_t>(offsets[n]);
    return neighbors.span().subspan(begin, static_cast<std::size_t>(offsets[n + 1]) - begin);
  }
};

/// The filters of `graph_filter`. For the second, an item's row is that of sqrt(low_pass)
/// D_i^(1/2 + e) V, since D_i^-e is taken from both filters together.
class filter_graph {
 public:
  filter_graph() = default;
  /// `rows` has `factors` numbers an item. Shares the arrays of the dataset.
  filter_graph(const dataset& train, shared_array<float> rows, std::size_t factors,
               const graph_filter_options& options)
      : filter_graph({train.storage().user_offsets, train.storage().row_items},
                     {train.storage().item_offsets, train.storage().column_users}, std::move(rows),
                     factors, options) {}

  [[nodiscard]] index num_users() const noexcept { return users_.size(); }
  [[nodiscard]] index num_items() const noexcept { return items_.size(); }
  [[nodiscard]] std::span<const index> items_of(index user) const noexcept {
    return users_.of(user);
  }

  /// What some items, of which unknown ones are skipped, give all items.
  void score(std::span<const index> items, std::span<float> scores) const noexcept {
    score_low_pass(items, scores);
    for (const index item : items)
      for (const index user : items_.of(item)) {
        const float weight = at(source_scale_, item) * at(user_scale_, user);
        for (const index other : users_.of(user)) scores[static_cast<std::size_t>(other)] += weight;
      }
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i] *= target_scale_[i];
  }

  template <class Writer>
  void write(Writer& out) const {
    const auto add = [&](const char* name, const shared_array<index>& array) {
      out.add(name, array, {array.size()});
    };
    add("user_offsets", users_.offsets);
    add("user_items", users_.neighbors);
    add("item_offsets", items_.offsets);
    add("item_users", items_.neighbors);
    out.set("vectors", static_cast<int>(factors_));
    if (factors_ > 0) out.add("rows", rows_, {static_cast<std::size_t>(num_items()), factors_});
  }
  /// Throws data_error unless the lists are lists.
  template <class Reader>
  [[nodiscard]] static filter_graph read(const Reader& in, const graph_filter_options& options) {
    adjacency users{in.template array<index>("user_offsets"),
                    in.template array<index>("user_items")};
    adjacency items{in.template array<index>("item_offsets"),
                    in.template array<index>("item_users")};
    const auto num_items = static_cast<std::size_t>(items.size());
    check_lists(users.offsets, users.neighbors, num_items, "the lists of the users' items");
    check_lists(items.offsets, items.neighbors, static_cast<std::size_t>(users.size()),
                "the lists of the items' users");
    const int vectors = in.template get<int>("vectors");
    if (vectors < 0 || vectors > options.factors)
      throw data_error("graph_filter: " + to_text(vectors) + " vectors are not in [0, " +
                       to_text(options.factors) + ']');
    const auto factors = static_cast<std::size_t>(vectors);
    shared_array<float> rows;
    if (factors > 0) rows = in.template array<float>("rows", {num_items, factors});
    return {std::move(users), std::move(items), std::move(rows), factors, options};
  }

 private:
  filter_graph(adjacency users, adjacency items, shared_array<float> rows, std::size_t factors,
               const graph_filter_options& options)
      : users_(std::move(users)),
        items_(std::move(items)),
        factors_(factors),
        rows_(std::move(rows)),
        user_scale_(powers_of_lengths(users_.offsets.span(), -options.user_exponent)),
        source_scale_(powers_of_lengths(items_.offsets.span(), -options.source_exponent)),
        target_scale_(powers_of_lengths(items_.offsets.span(), -options.target_exponent)),
        row_scale_(powers_of_lengths(items_.offsets.span(), -1 - options.target_exponent)) {}

  void score_low_pass(std::span<const index> items, std::span<float> scores) const noexcept {
    if (factors_ == 0) return std::fill(scores.begin(), scores.end(), 0.0F);
    std::array<float, most_graph_factors> mixed;
    std::fill_n(mixed.begin(), factors_, 0.0F);
    for (const index item : items)
      if (item >= 0 && item < num_items())
        kernel::axpy(at(row_scale_, item), rows_.data() + static_cast<std::size_t>(item) * factors_,
                     factors_, mixed.data());
    kernel::score_items<float>({.rows = rows_.data(), .count = scores.size(), .factors = factors_},
                               mixed.data(), scores);
  }

  [[nodiscard]] static float at(const shared_array<float>& values, index i) noexcept {
    return values[static_cast<std::size_t>(i)];
  }

  adjacency users_;  ///< their items
  adjacency items_;  ///< their users
  std::size_t factors_ = 0;
  shared_array<float> rows_;
  shared_array<float> user_scale_;
  shared_array<float> source_scale_;
  shared_array<float> target_scale_;
  shared_array<float> row_scale_;
};

}  // namespace kindred::detail
