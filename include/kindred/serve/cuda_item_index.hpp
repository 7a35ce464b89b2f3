#pragma once

#include <kindred/backend/cuda/policy.hpp>
#include <kindred/backend/cuda/ranked_key.hpp>
#include <kindred/backend/cuda/top_k_device.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/serve/scored_lists.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred {

/// item_index on a GPU, for many queries at once: component kindred::cuda. It keeps the items as
/// floats in the device's memory, and scores never leave the processor that makes them.
///
///   const kindred::cuda_item_index index{model};
///   const auto lists = index.recommend_all(model, train, 10);  // lists[user]
///
/// The lists are those of item_index but for the rounding of scores, the same bits each time.
/// Members throw cuda_error; calls of one index may come from several threads.
class cuda_item_index {
 public:
  /// Row i of `rows`, row-major, is item i; `biases` has one element an item, or none. Throws
  /// option_error for no factors or a device that is not there, data_error if the sizes disagree.
  cuda_item_index(std::span<const float> rows, std::size_t factors,
                  std::span<const float> biases = {}, const backend::cuda& where = {})
      : items_(where, rows, checked(rows, factors, biases), biases),
        size_(rows.size() / factors),
        factors_(factors) {}

  /// The items of a fitted model. Throws the same.
  template <latent_model Model>
  requires std::same_as<typename Model::scalar_type, float>
  explicit cuda_item_index(const Model& model, const backend::cuda& where = {})
      : cuda_item_index(rows_of(model.latent()), model.latent().factors, biases_of(model.latent()),
                        where) {}

  [[nodiscard]] index size() const noexcept { return static_cast<index>(size_); }
  [[nodiscard]] std::size_t factors() const noexcept { return factors_; }

  /// The best items for each row of `queries`, row-major; O(queries x items x factors).
  /// Throws data_error unless factors() divides queries.size().
  [[nodiscard]] scored_lists search_all(std::span<const float> queries, std::size_t k) const {
    return search(queries, k, {});
  }

  /// The best items for each user of a model, less those that the user has rated in `train`.
  /// Throws data_error unless model and data have the same users, and the model these factors.
  template <latent_model Model>
  requires std::same_as<typename Model::scalar_type, float>
  [[nodiscard]] scored_lists recommend_all(const Model& model, const dataset& train,
                                           std::size_t k) const {
    const auto latent = model.latent();
    if (latent.num_users != train.num_users() || latent.factors != factors_)
      throw data_error("cuda_item_index: the model has " + detail::to_text(latent.num_users) +
                       " users of " + detail::to_text(latent.factors) + " factors, not " +
                       detail::to_text(train.num_users()) + " of " + detail::to_text(factors_));
    return search({latent.user_factors, static_cast<std::size_t>(latent.num_users) * factors_}, k,
                  {train.user_offsets(), train.row_items()});
  }

 private:
  static std::size_t checked(std::span<const float> rows, std::size_t factors,
                             std::span<const float> biases) {
    require_option(factors >= 1 && factors <= 32768, "factors", factors, "[1, 32768]");
    if (rows.size() % factors != 0 || (!biases.empty() && biases.size() * factors != rows.size()))
      throw data_error("cuda_item_index: " + detail::to_text(rows.size()) + " numbers and " +
                       detail::to_text(biases.size()) + " biases are no items of " +
                       detail::to_text(factors) + " factors");
    return factors;
  }

  static std::span<const float> rows_of(const latent_view<float>& latent) noexcept {
    return {latent.item_factors, static_cast<std::size_t>(latent.num_items) * latent.factors};
  }
  static std::span<const float> biases_of(const latent_view<float>& latent) noexcept {
    return {latent.item_biases,
            latent.item_biases == nullptr ? 0 : static_cast<std::size_t>(latent.num_items)};
  }

  [[nodiscard]] scored_lists search(std::span<const float> queries, std::size_t k,
                                    const gpu::excluded_view& excluded) const {
    const std::size_t count = queries.size() / factors_;
    if (count * factors_ != queries.size())
      throw data_error("cuda_item_index: " + detail::to_text(queries.size()) +
                       " numbers are no queries of " + detail::to_text(factors_));
    k = std::min(k, size_);
    std::vector<gpu::ranked_key> keys(count * k);
    items_.search(queries, excluded, k, keys);
    scored_lists lists(count, k);
    parallel_for(count, 1024, [&](std::size_t begin, std::size_t end) {
      for (std::size_t row = begin; row < end; ++row) {
        const auto room = lists.room(row);
        std::size_t size = 0;
        for (; size < k && keys[row * k + size] != 0; ++size)
          room[size] = gpu::from_key(keys[row * k + size]);
        lists.resize(row, size);
      }
    });
    return lists;
  }

  gpu::top_k_device items_;
  std::size_t size_;
  std::size_t factors_;
};

}  // namespace kindred
