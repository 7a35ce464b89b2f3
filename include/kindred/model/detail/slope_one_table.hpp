#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/checked_lists.hpp>
#include <kindred/model/detail/rated_items.hpp>
#include <kindred/model/detail/sparse_rows.hpp>
#include <kindred/model/slope_one_options.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kindred::detail {

/// What `slope_one` predicts from.
struct slope_one_table {
  slope_one_scheme scheme = slope_one_scheme::plain;
  double mean = 0;
  shared_array<float> user_means;  ///< of the ratings of each; `mean` if there are none
  shared_array<float> item_means;
  /// Row i: by how much item i is rated higher than another, on average over the users who rated
  /// both, and how many they are.
  sparse_rows<2> deviations;
  rated_items rated;

  /// A weighted mean in the making.
  struct estimate {
    double sum = 0;
    double weight = 0;
  };

  /// Adds what one of the user's items says.
  void add(estimate& to, double deviation, double support, double rating,
           double user_mean) const noexcept {
    const bool weighted = scheme == slope_one_scheme::weighted;
    const double weight = weighted ? support : 1;
    to.sum += weight * ((weighted ? rating : user_mean) + deviation);
    to.weight += weight;
  }
  [[nodiscard]] static double value(const estimate& of, double user_mean) noexcept {
    return of.weight > 0 ? of.sum / of.weight : user_mean;
  }

  [[nodiscard]] double predict(index user, index item) const noexcept {
    const auto i = static_cast<std::size_t>(item);
    const bool known_item = i < item_means.size();
    const item_values from = rated.of(user);
    if (from.items.empty()) return known_item ? static_cast<double>(item_means[i]) : mean;
    const auto user_mean = static_cast<double>(user_means[static_cast<std::size_t>(user)]);
    if (!known_item) return user_mean;
    const auto row = deviations[i];
    estimate total;
    for_each_common(row.columns, from.items, [&](std::size_t n, std::size_t k) {
      add(total, static_cast<double>(row.numbers[0][n]), static_cast<double>(row.numbers[1][n]),
          static_cast<double>(from.values[k]), user_mean);
    });
    return value(total, user_mean);
  }

  /// predict() of all items, to the bit.
  void predict_all(index user, std::span<float> ratings) const noexcept {
    constexpr std::size_t block = 512;
    const item_values from = rated.of(user);
    if (from.items.empty()) {
      std::copy_n(item_means.begin(), ratings.size(), ratings.begin());
      return;
    }
    const auto user_mean = static_cast<double>(user_means[static_cast<std::size_t>(user)]);
    for (std::size_t begin = 0; begin < ratings.size(); begin += block) {
      const std::size_t count = std::min(block, ratings.size() - begin);
      estimate totals[block] = {};
      for (std::size_t k = 0; k < from.items.size(); ++k) {
        const auto row = deviations[static_cast<std::size_t>(from.items[k])];
        const auto first =
            std::lower_bound(row.columns.begin(), row.columns.end(), static_cast<index>(begin));
        for (auto n = static_cast<std::size_t>(first - row.columns.begin());
             n < row.size() && static_cast<std::size_t>(row.columns[n]) < begin + count; ++n)
          add(totals[static_cast<std::size_t>(row.columns[n]) - begin],
              -static_cast<double>(row.numbers[0][n]), static_cast<double>(row.numbers[1][n]),
              static_cast<double>(from.values[k]), user_mean);
      }
      for (std::size_t n = 0; n < count; ++n)
        ratings[begin + n] = static_cast<float>(value(totals[n], user_mean));
    }
  }

  template <class Writer>
  void write(Writer& out) const {
    out.set("mean", mean);
    out.add("user_means", user_means, {user_means.size()});
    out.add("item_means", item_means, {item_means.size()});
    out.add("deviation_offsets", deviations.offsets, {deviations.offsets.size()});
    out.add("deviation_items", deviations.columns, {deviations.columns.size()});
    out.add("deviations", deviations.numbers[0], {deviations.columns.size()});
    out.add("supports", deviations.numbers[1], {deviations.columns.size()});
    rated.write(out);
  }
  /// Throws data_error unless the parts fit each other.
  template <class Reader>
  [[nodiscard]] static slope_one_table read(const Reader& in, slope_one_scheme scheme) {
    const std::size_t items = in.rows("item_means");
    slope_one_table read;
    read.scheme = scheme;
    read.mean = in.template get<double>("mean");
    read.item_means = in.template array<float>("item_means", {items});
    read.deviations.offsets = in.template array<std::uint64_t>("deviation_offsets", {items + 1});
    read.deviations.columns = in.template array<index>("deviation_items");
    const std::size_t count = read.deviations.columns.size();
    read.deviations.numbers = {in.template array<float>("deviations", {count}),
                               in.template array<float>("supports", {count})};
    check_lists(read.deviations.offsets, read.deviations.columns, items, "the deviations");
    if (!std::ranges::all_of(read.deviations.numbers[1], [](float n) { return n > 0; }))
      throw data_error("a deviation has no support");
    read.rated = rated_items::read(in, true, items);
    read.user_means =
        in.template array<float>("user_means", {static_cast<std::size_t>(read.rated.num_users())});
    return read;
  }
};

}  // namespace kindred::detail
