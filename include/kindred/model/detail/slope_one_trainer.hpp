#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/model/detail/co_rated_sums.hpp>
#include <kindred/model/detail/rated_items.hpp>
#include <kindred/model/detail/rating_means.hpp>
#include <kindred/model/detail/slope_one_table.hpp>
#include <kindred/model/detail/sparse_rows.hpp>
#include <kindred/model/slope_one_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Fills a slope_one_table.
template <host_backend Backend>
class slope_one_trainer {
 public:
  /// `train` and `stop` must outlive it.
  slope_one_trainer(const Backend& backend, const dataset& train, const slope_one_options& options,
                    const std::stop_token& stop)
      : backend_(backend), train_(train), options_(options), stop_(stop) {
    table_.scheme = options.scheme;
    table_.mean = train.mean();
    table_.user_means = rating_means(backend, train.num_users(), train.mean(),
                                     [&](index u) { return train.by_user(u); });
    table_.item_means = rating_means(backend, train.num_items(), train.mean(),
                                     [&](index i) { return train.by_item(i); });
    table_.rated = rated_items(train, true);
  }

  epoch_result run_epoch(int /*epoch*/) {
    const auto items = static_cast<std::size_t>(train_.num_items());
    std::vector<double> errors(items);
    table_.deviations = build_sparse_rows<2>(backend_, items, [&] {
      return [&, sums = co_rated_sums(items)](std::size_t item, sparse_block<2>& rows) mutable {
        if (stop_.stop_requested()) return;
        const auto i = static_cast<index>(item);
        for (const index other : find_deviations(i, sums))
          if (const auto& at = sums[other]; at.count > 0)
            rows.add(other, at.sum, static_cast<float>(at.count));
        errors[item] = squared_error(i, sums);
      };
    });
    return {std::accumulate(errors.begin(), errors.end(), 0.0), 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    return rmse_of(backend_, validation,
                   [&](index u, index i) { return held(table_.predict(u, i)); });
  }

  // There is but one epoch, so never another to go back to.
  void keep() const noexcept {}
  void restore() const noexcept {}

  [[nodiscard]] slope_one_table take() { return std::move(table_); }

 private:
  /// Puts the deviations of one item in place of the sums, with a count of 0 where there are too
  /// few. Returns from which items.
  [[nodiscard]] std::span<const index> find_deviations(index item, co_rated_sums& sums) const {
    sums.start(co_rated_terms(train_, item));
    for (const auto [user, rating] : train_.by_item(item))
      for (const auto [other, other_rating] : train_.by_user(user))
        sums.add(other, rating - other_rating);
    sums[item].count = 0;
    const auto others = sums.finish();
    for (const index other : others) {
      co_rated_sums::cell& at = sums[other];
      if (at.count < options_.min_support) at.count = 0;
      at.sum /= static_cast<float>(std::max(at.count, 1));
    }
    return others;
  }

  /// Of the predictions for those who rated the item.
  [[nodiscard]] double squared_error(index item, co_rated_sums& sums) const {
    double squared = 0;
    for (const auto [user, rating] : train_.by_item(item)) {
      const auto user_mean = static_cast<double>(table_.user_means[static_cast<std::size_t>(user)]);
      slope_one_table::estimate total;
      for (const auto [other, other_rating] : train_.by_user(user))
        if (const auto& at = sums[other]; at.count > 0)
          table_.add(total, static_cast<double>(at.sum), static_cast<double>(at.count),
                     static_cast<double>(other_rating), user_mean);
      const double error =
          static_cast<double>(rating) - held(slope_one_table::value(total, user_mean));
      squared += error * error;
    }
    return squared;
  }

  [[nodiscard]] double held(double rating) const noexcept {
    if (!options_.clip) return rating;
    return std::clamp(rating, static_cast<double>(train_.min_value()),
                      static_cast<double>(train_.max_value()));
  }

  Backend backend_;
  const dataset& train_;
  slope_one_options options_;
  const std::stop_token& stop_;
  slope_one_table table_;
};

}  // namespace kindred::detail
