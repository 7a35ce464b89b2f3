#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/model/detail/linear/elastic_net.hpp>
#include <kindred/model/detail/linear/item_gram.hpp>
#include <kindred/model/detail/rated_items.hpp>
#include <kindred/model/detail/sparse_rows.hpp>
#include <kindred/model/slim_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Finds the weights of `slim`: first the Gram matrix of the items, then item by item.
template <host_backend Backend>
class slim_trainer {
 public:
  /// All must outlive it.
  slim_trainer(const Backend& backend, const dataset& train, const slim_options& options,
               const std::stop_token& stop)
      : backend_(backend),
        train_(train),
        options_(options),
        stop_(stop),
        rated_(train, options.values == interaction_value::rating) {}

  epoch_result run_epoch(int /*epoch*/) {
    const auto items = static_cast<std::size_t>(train_.num_items());
    const item_gram gram(backend_, train_, rated_, stop_);
    std::vector<double> errors(items);
    // By target first, as they are found.
    columns_ = build_sparse_rows<1>(backend_, items, [&] {
      return [&, net = elastic_net(gram, options_)](std::size_t target,
                                                    sparse_block<1>& columns) mutable {
        if (stop_.stop_requested()) return;
        const auto found = net.solve(target);
        for (const auto [item, weight] : found.weights)
          columns.add(item, static_cast<float>(weight));
        errors[target] = found.squared_error;
      };
    });
    const double cells = static_cast<double>(train_.num_users()) * static_cast<double>(items);
    const double squared = std::accumulate(errors.begin(), errors.end(), 0.0);
    return {squared / cells * static_cast<double>(train_.size()), 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    return rmse_of(backend_, validation, [&](index user, index item) {
      if (static_cast<std::size_t>(item) >= columns_.size()) return 0.0;
      const item_values rated = rated_.of(user);
      const auto column = columns_[static_cast<std::size_t>(item)];
      double score = 0;
      for_each_common(column.columns, rated.items, [&](std::size_t n, std::size_t k) {
        score += static_cast<double>(column.numbers[0][n]) * static_cast<double>(rated.value(k));
      });
      return score;
    });
  }

  // There is but one epoch, so never another to go back to.
  void keep() const noexcept {}
  void restore() const noexcept {}

  [[nodiscard]] rated_items take_rated() { return std::move(rated_); }
  /// Row i: what an interaction with item i adds to the score of others.
  [[nodiscard]] sparse_rows<1> weights() const { return transposed(columns_); }

 private:
  Backend backend_;
  const dataset& train_;
  const slim_options& options_;
  const std::stop_token& stop_;
  rated_items rated_;
  sparse_rows<1> columns_;
};

}  // namespace kindred::detail
