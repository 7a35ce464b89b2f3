#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/knn_kernels.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/detail/bias.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/knn/entity_vectors.hpp>
#include <kindred/model/detail/knn/knn_centre.hpp>
#include <kindred/model/detail/knn/neighbor_search.hpp>
#include <kindred/model/detail/knn/neighborhood.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/knn_options.hpp>
#include <kindred/model/similarity.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace kindred::detail {

/// The biases of a fitted baseline, from the side whose rows are compared.
[[nodiscard]] inline side_biases biases_of(const baseline_model& baseline, axis side) noexcept {
  const auto users = baseline.user_biases();
  const auto items = baseline.item_biases();
  return side == axis::users ? side_biases{baseline.mean(), users, items}
                             : side_biases{baseline.mean(), items, users};
}

/// Makes a neighbourhood, in one epoch.
template <trainable_knn Backend>
class knn_trainer {
 public:
  /// With `before`, a neighbourhood of the same options, does not compare anew what did not change.
  /// All must outlive the trainer.
  knn_trainer(const Backend& backend, const dataset& train, axis side, const knn_options& options,
              const std::stop_token& stop, const neighborhood* before = nullptr)
      : backend_(backend),
        train_(train),
        side_(side),
        options_(options),
        stop_(stop),
        before_(before) {}

  epoch_result run_epoch(int /*epoch*/) {
    const host_loop loop(host_);
    made_.rows = lists_of(train_, side_);
    made_.columns = lists_of(train_, other(side_));
    baseline_model baseline(options_.baseline);
    if (wants_baseline()) baseline.fit(train_, {.stop = stop_}, host_);
    const side_biases biases = biases_of(baseline, side_);
    made_.centre = options_.predictor == knn_predictor::baseline
                       ? knn_centre(biases)
                       : knn_centre(made_.rows, train_.mean(), options_.predictor, loop);
    const auto most = static_cast<std::size_t>(options_.neighbors);
    const similarity_options& alike = options_.similarity;
    const auto vectors = vector_maker(made_.rows, made_.columns, alike, biases, loop).make();
    neighbor_search search(vectors, alike, most, loop, stop_);
    if constexpr (host_backend<Backend>)
      made_.neighbors = before_ == nullptr ? search.find() : refreshed(search, loop);
    else
      made_.neighbors = search.find_on(backend_);
    const double rmse = rmse_of(host_, train_, [&](index u, index i) {
      return side_ == axis::users ? made_.centre.fallback(u, i) : made_.centre.fallback(i, u);
    });
    return {rmse * rmse * static_cast<double>(train_.size()), 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double low = options_.clip ? static_cast<double>(train_.min_value()) : -infinity;
    const double high = options_.clip ? static_cast<double>(train_.max_value()) : infinity;
    return rmse_of(host_, validation, [&](index u, index i) {
      return std::clamp(
          made_.predict(side_ == axis::users ? u : i, side_ == axis::users ? i : u, options_), low,
          high);
    });
  }

  // There is but one epoch, so never another to go back to.
  void keep() const noexcept {}
  void restore() const noexcept {}

  [[nodiscard]] neighborhood take() { return std::move(made_); }

 private:
  [[nodiscard]] bool wants_baseline() const noexcept {
    return options_.predictor == knn_predictor::baseline ||
           options_.similarity.measure == similarity::baseline_pearson;
  }

  neighbor_lists refreshed(neighbor_search& search, const host_loop& loop) const {
    // What the measure made of the ratings then can be made of them again, but for the biases of
    // the baseline: they move with every rating.
    if (options_.similarity.measure == similarity::baseline_pearson) return search.find();
    const auto old =
        vector_maker(before_->rows, before_->columns, options_.similarity, {}, loop).make();
    return search.refresh(before_->neighbors, old);
  }

  Backend backend_;
  /// For all but the search.
  std::conditional_t<host_backend<Backend>, Backend, backend::tbb> host_{};
  const dataset& train_;
  axis side_;
  const knn_options& options_;
  const std::stop_token& stop_;
  const neighborhood* before_;
  neighborhood made_;
};

}  // namespace kindred::detail
