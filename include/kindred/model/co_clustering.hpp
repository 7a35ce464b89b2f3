#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/co_clustering_options.hpp>
#include <kindred/model/detail/co_clusters.hpp>
#include <kindred/model/detail/rating_means.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// Clusters the users and the items at once, and predicts from the means of a rating's user, its
/// item and their clusters: mean of the pair of clusters + (user's mean - user cluster's mean) +
/// (item's mean - item cluster's mean) (George, Merugu, "A scalable collaborative filtering
/// framework based on co-clustering", ICDM 2005). Clusters start at random; every epoch puts each
/// user, then each item, into the one where the averages before the epoch err least. Without
/// restarts it is the model of that name of the package Surprise, with its defaults. Weights of
/// ratings are not used.
///
/// Training costs O(restarts * (ratings + (users + items) * user_clusters * item_clusters)) an
/// epoch, in parallel, and holds 8 bytes a user and item and 4 more for each restart. What was
/// fitted is immutable and shared by copies; all const members are safe from any thread.
class co_clustering {
 public:
  static constexpr std::string_view kind = "co_clustering";

  /// Throws option_error for an option outside its range.
  explicit co_clustering(const co_clustering_options& options = {}) : options_(options) {
    check_options(options_);
  }

  /// Learns from `train`, from scratch; the same bits on any number of threads and on every host
  /// backend. On any exception the model stays as it was. Errors in reports are after the epoch,
  /// and those of the best restart. Throws data_error if there are no ratings, cancelled,
  /// option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {});

  /// The expected rating, held to the range of the training ratings unless `clip` is off. For an
  /// item that is unknown or has no ratings the user's mean, for such a user the item's mean, for
  /// both the mean of all.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    const auto rating = static_cast<float>(view().predict(user, item));
    return options_.clip ? std::max(low_, std::min(rating, high_)) : rating;
  }

  /// The expected ratings, not held. `scores` has num_items() elements.
  void score(index user, std::span<float> scores) const noexcept {
    const detail::co_cluster_view from = view();
    for (std::size_t i = 0; i < scores.size(); ++i)
      scores[i] = static_cast<float>(from.predict(user, static_cast<index>(i)));
  }

  [[nodiscard]] bool fitted() const noexcept { return !item_means_.empty(); }
  [[nodiscard]] index num_users() const noexcept { return static_cast<index>(user_means_.size()); }
  [[nodiscard]] index num_items() const noexcept { return static_cast<index>(item_means_.size()); }
  [[nodiscard]] double mean() const noexcept { return mean_; }
  /// The cluster of each user, and of each item; unknown_index where there are no ratings.
  [[nodiscard]] std::span<const index> user_clusters() const noexcept {
    return user_clusters_.span();
  }
  [[nodiscard]] std::span<const index> item_clusters() const noexcept {
    return item_clusters_.span();
  }
  [[nodiscard]] const co_clustering_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static co_clustering read(const Reader& in);

 private:
  template <class Backend>
  class trainer;

  [[nodiscard]] detail::co_cluster_view view() const noexcept {
    return {mean_,
            user_means_.span(),
            item_means_.span(),
            user_clusters_.span(),
            item_clusters_.span(),
            offsets_.span(),
            static_cast<std::size_t>(options_.item_clusters)};
  }

  co_clustering_options options_;
  double mean_ = 0;
  float low_ = -std::numeric_limits<float>::infinity();
  float high_ = std::numeric_limits<float>::infinity();
  shared_array<float> user_means_;
  shared_array<float> item_means_;
  shared_array<index> user_clusters_;
  shared_array<index> item_clusters_;
  shared_array<float> offsets_;  ///< user_clusters x item_clusters
};

}  // namespace kindred

#include <kindred/model/detail/co_clustering_impl.hpp>
