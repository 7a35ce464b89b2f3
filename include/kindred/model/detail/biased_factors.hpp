#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/given_ratings.hpp>
#include <kindred/model/latent_row.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Rows and biases, with others in the place of some, and zeros for what is new.
template <class Scalar, class RowOf>
[[nodiscard]] std::pair<shared_array<Scalar>, shared_array<Scalar>> replaced_rows(
    std::span<const Scalar> old_factors, std::span<const Scalar> old_biases, index count,
    std::size_t factors, const RowOf& row_of) {
  aligned_vector<Scalar> rows(static_cast<std::size_t>(count) * factors);
  aligned_vector<Scalar> biases(static_cast<std::size_t>(count));
  parallel_for(biases.size(), 4096, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      Scalar* const to = rows.data() + i * factors;
      if (const latent_row<Scalar>* const row = row_of(static_cast<index>(i))) {
        std::copy_n(row->factors.data(), factors, to);
        biases[i] = row->bias;
      } else if (i < old_biases.size()) {
        std::copy_n(old_factors.data() + i * factors, factors, to);
        biases[i] = old_biases[i];
      } else {
        std::fill_n(to, factors, Scalar{0});
        biases[i] = 0;
      }
    }
  });
  return {std::move(rows), std::move(biases)};
}

/// What a model r = mean + b_u + b_i + p_u.q_i has learned. Shared by copies.
template <class Scalar>
struct biased_factors {
  std::size_t factors = 0;
  double mean = 0;
  float low = -std::numeric_limits<float>::infinity();  ///< the range of the training ratings
  float high = std::numeric_limits<float>::infinity();
  shared_array<Scalar> user_factors{};
  shared_array<Scalar> item_factors{};
  shared_array<Scalar> user_biases{};
  shared_array<Scalar> item_biases{};

  [[nodiscard]] index num_users() const noexcept { return static_cast<index>(user_biases.size()); }
  [[nodiscard]] index num_items() const noexcept { return static_cast<index>(item_biases.size()); }
  [[nodiscard]] latent_view<Scalar> latent() const noexcept {
    return {num_users(),         num_items(),         factors,
            user_factors.data(), item_factors.data(), item_biases.data()};
  }
  /// Not known if the index is negative, or beyond what there is.
  [[nodiscard]] latent_entry<Scalar> user(index u) const noexcept {
    if (u < 0 || u >= num_users()) return {};
    return {latent().user(u).data(), user_biases[static_cast<std::size_t>(u)], true};
  }
  [[nodiscard]] latent_entry<Scalar> item(index i) const noexcept {
    if (i < 0 || i >= num_items()) return {};
    return {latent().item(i).data(), item_biases[static_cast<std::size_t>(i)], true};
  }

  /// Without `biases` p_u.q_i, or the mean if one is not known. Not held to the range.
  [[nodiscard]] float rating(const latent_entry<Scalar>& u, const latent_entry<Scalar>& i,
                             bool biases) const noexcept {
    auto rating = static_cast<Scalar>(mean);
    if (u.known && i.known) {
      if (!biases) rating = 0;
      rating += kernel::dot(u.factors, i.factors, factors);
    }
    return static_cast<float>(rating + u.bias + i.bias);
  }
  [[nodiscard]] float clamp(float rating) const noexcept { return std::clamp(rating, low, high); }

  /// b_i + p_u.q_i of all items, or b_i for an unknown user.
  void score(index u, std::span<float> scores) const noexcept {
    const latent_entry<Scalar> row = user(u);
    const auto level = kernel::best_simd_level();
    for (std::size_t i = 0; i < scores.size(); ++i) {
      Scalar s = item_biases[i];
      if (row.known)
        s += kernel::dot(row.factors, latent().item(static_cast<index>(i)).data(), factors, level);
      scores[i] = static_cast<float>(s);
    }
  }

  /// Ratings of items with the rows that these have.
  /// Throws data_error if the lengths differ or a rating is not finite.
  [[nodiscard]] std::vector<rated_entry<Scalar>> rated(std::span<const index> items,
                                                       std::span<const float> ratings) const {
    check_given_ratings(items, ratings);
    std::vector<rated_entry<Scalar>> rated(items.size());
    for (std::size_t n = 0; n < items.size(); ++n) rated[n] = {item(items[n]), ratings[n]};
    return rated;
  }

  /// With the rows that `user_row(u)` and `item_row(i)` point to in place of its own; where they
  /// are null, a row stays as it is, and a new one is zero.
  template <class UserRow, class ItemRow>
  [[nodiscard]] biased_factors with_rows(index users, index items, const UserRow& user_row,
                                         const ItemRow& item_row) const {
    biased_factors result = *this;
    std::tie(result.user_factors, result.user_biases) =
        replaced_rows(user_factors.span(), user_biases.span(), users, factors, user_row);
    std::tie(result.item_factors, result.item_biases) =
        replaced_rows(item_factors.span(), item_biases.span(), items, factors, item_row);
    return result;
  }

  template <class Writer>
  void write(Writer& out) const {
    out.set("mean", mean);
    out.set("min_value", low);
    out.set("max_value", high);
    out.add("user_factors", user_factors, {user_biases.size(), factors});
    out.add("item_factors", item_factors, {item_biases.size(), factors});
    out.add("user_biases", user_biases, {user_biases.size()});
    out.add("item_biases", item_biases, {item_biases.size()});
  }
  template <class Reader>
  [[nodiscard]] static biased_factors read(const Reader& in, std::size_t factors) {
    biased_factors read{.factors = factors,
                        .mean = in.template get<double>("mean"),
                        .low = in.template get<float>("min_value"),
                        .high = in.template get<float>("max_value")};
    if (read.low > read.high) throw data_error("min_value is greater than max_value");
    const std::size_t users = in.rows("user_biases");
    const std::size_t items = in.rows("item_biases");
    read.user_factors = in.template array<Scalar>("user_factors", {users, factors});
    read.item_factors = in.template array<Scalar>("item_factors", {items, factors});
    read.user_biases = in.template array<Scalar>("user_biases", {users});
    read.item_biases = in.template array<Scalar>("item_biases", {items});
    return read;
  }
};

}  // namespace kindred::detail
