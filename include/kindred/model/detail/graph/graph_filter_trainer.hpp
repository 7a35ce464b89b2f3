#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/graph/filter_graph.hpp>
#include <kindred/model/detail/graph/singular_vectors.hpp>
#include <kindred/model/detail/graph/tall_matrix.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/graph_filter_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stop_token>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Finds the vectors of `graph_filter`.
class graph_filter_trainer {
 public:
  /// All must outlive it.
  graph_filter_trainer(const dataset& train, const graph_filter_options& options,
                       const host_loop& loop, const std::stop_token& stop)
      : train_(train), options_(options), loop_(loop), stop_(stop) {}

  epoch_result run_epoch(int /*epoch*/) {
    const bool none = options_.low_pass == 0;
    const singular_vectors search(train_, loop_);
    const tall_matrix basis =
        search.find(none ? 0 : options_.factors, options_.iterations, options_.seed, stop_);
    if (stop_.stop_requested()) return {};
    graph_ = {train_, scaled(basis), basis.columns, options_};
    return {.squared_error = std::numeric_limits<double>::quiet_NaN(),
            .learning_rate = 1,
            .loss = search.share_outside(basis)};
  }

  [[nodiscard]] double validation_rmse(const dataset&) const noexcept {
    return std::numeric_limits<double>::quiet_NaN();
  }
  [[nodiscard]] double validation_loss(const dataset& validation) const {
    constexpr std::size_t block = 64;
    const auto known = static_cast<std::size_t>(graph_.num_items());
    const double sum = sum_blocks(loop_, static_cast<std::size_t>(validation.num_users()), block,
                                  [&](std::size_t begin, std::size_t end) {
                                    std::vector<float> scores(known);
                                    double squared = 0;
                                    for (std::size_t u = begin; u < end; ++u) {
                                      const auto user = static_cast<index>(u);
                                      if (validation.by_user(user).empty()) continue;
                                      graph_.score(graph_.items_of(user), scores);
                                      for (const index item : validation.by_user(user).indices()) {
                                        const auto i = static_cast<std::size_t>(item);
                                        const double error =
                                            1 - (i < known ? static_cast<double>(scores[i]) : 0);
                                        squared += error * error;
                                      }
                                    }
                                    return squared;
                                  });
    return sum / static_cast<double>(validation.size());
  }
  // There is but one epoch, so never another to go back to.
  void keep() const noexcept {}
  void restore() const noexcept {}

  [[nodiscard]] filter_graph take_graph() { return std::move(graph_); }

 private:
  /// sqrt(low_pass) D^(1/2 + e) V, unpadded.
  [[nodiscard]] aligned_vector<float> scaled(const tall_matrix& basis) const {
    aligned_vector<float> rows(basis.rows * basis.columns);
    for_each_index(loop_, basis.rows, [&](std::size_t i) {
      const auto count = static_cast<double>(train_.by_item(static_cast<index>(i)).size());
      const auto scale =
          static_cast<float>(std::sqrt(options_.low_pass) *
                             std::pow(std::max(count, 1.0), 0.5 + options_.target_exponent));
      for (std::size_t f = 0; f < basis.columns; ++f)
        rows[i * basis.columns + f] = scale * basis.row(i)[f];
    });
    return rows;
  }

  const dataset& train_;
  graph_filter_options options_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  filter_graph graph_;
};

}  // namespace kindred::detail
