#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/co_clustering_options.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// What `co_clustering` predicts from, in place. A user or an item without ratings is in no cluster
/// (unknown_index).
struct co_cluster_view {
  double mean = 0;
  std::span<const float> user_means;
  std::span<const float> item_means;
  std::span<const index> user_clusters;
  std::span<const index> item_clusters;
  /// What a cluster of users and one of items add to the means of user and item.
  std::span<const float> offsets;
  std::size_t num_item_clusters = 0;

  [[nodiscard]] double predict(index user, index item) const noexcept {
    const index user_cluster = cluster(user_clusters, user);
    const index item_cluster = cluster(item_clusters, item);
    if (user_cluster == unknown_index && item_cluster == unknown_index) return mean;
    const auto of_user = user_cluster == unknown_index
                             ? 0.0
                             : static_cast<double>(user_means[static_cast<std::size_t>(user)]);
    const auto of_item = item_cluster == unknown_index
                             ? 0.0
                             : static_cast<double>(item_means[static_cast<std::size_t>(item)]);
    if (user_cluster == unknown_index || item_cluster == unknown_index) return of_user + of_item;
    return of_user + of_item +
           static_cast<double>(offsets[static_cast<std::size_t>(user_cluster) * num_item_clusters +
                                       static_cast<std::size_t>(item_cluster)]);
  }

 private:
  static index cluster(std::span<const index> clusters, index i) noexcept {
    return static_cast<std::size_t>(i) < clusters.size() ? clusters[static_cast<std::size_t>(i)]
                                                         : unknown_index;
  }
};

/// Sums over the ratings that two clusters share, or that one user gave to a cluster of items.
struct cluster_sums {
  double count = 0;
  double ratings = 0;    ///< sum of r
  double residuals = 0;  ///< sum of r less the means of its user and its item

  void add(double rating, double residual) noexcept {
    ++count;
    ratings += rating;
    residuals += residual;
  }
  cluster_sums& operator+=(const cluster_sums& other) noexcept {
    count += other.count;
    ratings += other.ratings;
    residuals += other.residuals;
    return *this;
  }
  [[nodiscard]] double mean(double otherwise) const noexcept {
    return count > 0 ? ratings / count : otherwise;
  }
  /// By how much the squared error grows if each residual is taken to be `offset` instead of 0.
  [[nodiscard]] double error(double offset) const noexcept {
    return offset * (count * offset - 2 * residuals);
  }
};

/// A clustering of the users and of the items, on its way from a random one to a good one. With
/// A^R and A^C the means of users and items, A^RC, A^CC and A^COC those of their clusters and of
/// pairs of clusters, r is predicted as
///   A^COC + (A^R - A^RC) + (A^C - A^CC) = A^R + A^C + offset of the pair.
template <host_backend Backend>
class co_clusters {
 public:
  /// `train` and the means, which are by index, must outlive this.
  co_clusters(const Backend& backend, const dataset& train, const co_clustering_options& options,
              std::span<const float> user_means, std::span<const float> item_means, int restart)
      : backend_(backend),
        train_(&train),
        users_{user_means,
               {},
               static_cast<std::size_t>(options.user_clusters),
               static_cast<std::size_t>(options.item_clusters)},
        items_{item_means, {}, static_cast<std::size_t>(options.item_clusters), 1},
        offsets_(users_.count * items_.count) {
    const auto stream = 2 * static_cast<std::uint64_t>(restart);
    draw(users_, train.user_offsets(), counter_rng(options.seed, stream));
    draw(items_, train.item_offsets(), counter_rng(options.seed, stream + 1));
    average();
  }

  /// Puts each user, then each item, where the present averages err least, and averages anew.
  void improve() {
    assign(users_, items_, [&](index u) { return train_->by_user(u); });
    assign(items_, users_, [&](index i) { return train_->by_item(i); });
    average();
  }

  /// On the training ratings.
  [[nodiscard]] double squared_error() const noexcept { return squared_error_; }
  [[nodiscard]] co_cluster_view view() const noexcept {
    return {train_->mean(),  users_.means, items_.means, users_.clusters,
            items_.clusters, offsets_,     items_.count};
  }

 private:
  /// The users, or the items.
  struct side {
    std::span<const float> means;
    aligned_vector<index> clusters;
    std::size_t count;   ///< of clusters
    std::size_t stride;  ///< from one cluster to the next in the table of pairs

    [[nodiscard]] double mean(index i) const noexcept {
      return static_cast<double>(means[static_cast<std::size_t>(i)]);
    }
    [[nodiscard]] std::size_t cluster(index i) const noexcept {
      return static_cast<std::size_t>(clusters[static_cast<std::size_t>(i)]);
    }
  };

  static void draw(side& to, std::span<const index> offsets, const counter_rng& random) {
    to.clusters.resize(to.means.size());
    for (std::size_t i = 0; i < to.clusters.size(); ++i)
      to.clusters[i] =
          offsets[i] == offsets[i + 1]
              ? unknown_index
              : static_cast<index>(random.below(i, static_cast<std::uint32_t>(to.count)));
  }

  template <class Ratings>
  void assign(side& own, const side& other, const Ratings& ratings_of) {
    backend_.for_range(own.clusters.size(), [&](std::size_t first, std::size_t last) {
      std::vector<cluster_sums> sums(other.count);
      for (std::size_t i = first; i < last; ++i) {
        if (own.clusters[i] == unknown_index) continue;
        std::fill(sums.begin(), sums.end(), cluster_sums{});
        const auto k = static_cast<index>(i);
        for (const auto [index, value] : ratings_of(k)) {
          const auto rating = static_cast<double>(value);
          sums[other.cluster(index)].add(rating, rating - own.mean(k) - other.mean(index));
        }
        own.clusters[i] = best_cluster(own, other, sums);
      }
    });
  }

  [[nodiscard]] index best_cluster(const side& own, const side& other,
                                   std::span<const cluster_sums> sums) const noexcept {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < own.count; ++c) {
      double error = 0;
      for (std::size_t d = 0; d < other.count; ++d)
        error += sums[d].error(static_cast<double>(offsets_[c * own.stride + d * other.stride]));
      if (error < least) {
        least = error;
        best = c;
      }
    }
    return static_cast<index>(best);
  }

  /// Averages over clusters and their pairs; a cluster without ratings has the mean of all.
  void average() {
    const std::vector<cluster_sums> pairs = sum_pairs();
    std::vector<cluster_sums> users(users_.count);
    std::vector<cluster_sums> items(items_.count);
    for (std::size_t c = 0; c < users_.count; ++c)
      for (std::size_t d = 0; d < items_.count; ++d) {
        users[c] += pairs[c * users_.stride + d];
        items[d] += pairs[c * users_.stride + d];
      }
    squared_error_ = squared_residuals_;
    const double mean = train_->mean();
    for (std::size_t c = 0; c < users_.count; ++c)
      for (std::size_t d = 0; d < items_.count; ++d) {
        const cluster_sums& pair = pairs[c * users_.stride + d];
        float& offset = offsets_[c * users_.stride + d];
        offset = static_cast<float>(pair.mean(mean) - users[c].mean(mean) - items[d].mean(mean));
        squared_error_ += pair.error(static_cast<double>(offset));
      }
  }

  /// Over fixed shards of the users, added up in order. Counts the squared residuals along.
  [[nodiscard]] std::vector<cluster_sums> sum_pairs() {
    constexpr std::size_t shards = 32;
    struct shard {
      std::vector<cluster_sums> pairs;
      double squared_residuals = 0;
    };
    std::vector<shard> parts(shards);
    backend_.for_range(shards, [&](std::size_t first, std::size_t last) {
      for (std::size_t s = first; s < last; ++s) {
        parts[s].pairs.resize(offsets_.size());
        for (std::size_t u = users_.clusters.size() * s / shards;
             u < users_.clusters.size() * (s + 1) / shards; ++u)
          for (const auto [item, value] : train_->by_user(static_cast<index>(u))) {
            const auto user = static_cast<index>(u);
            const auto rating = static_cast<double>(value);
            const double residual = rating - users_.mean(user) - items_.mean(item);
            parts[s].squared_residuals += residual * residual;
            parts[s].pairs[users_.cluster(user) * users_.stride + items_.cluster(item)].add(
                rating, residual);
          }
      }
    });
    std::vector<cluster_sums> total = std::move(parts[0].pairs);
    squared_residuals_ = parts[0].squared_residuals;
    for (std::size_t s = 1; s < shards; ++s) {
      for (std::size_t p = 0; p < total.size(); ++p) total[p] += parts[s].pairs[p];
      squared_residuals_ += parts[s].squared_residuals;
    }
    return total;
  }

  Backend backend_;
  const dataset* train_;
  side users_;
  side items_;
  aligned_vector<float> offsets_;
  double squared_residuals_ = 0;
  double squared_error_ = 0;
};

}  // namespace kindred::detail
