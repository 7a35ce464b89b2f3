#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>

#include <cstdint>

namespace kindred {

/// Options of `co_clustering`.
struct co_clustering_options {
  int user_clusters = 3;  ///< in [1, 256]
  int item_clusters = 3;  ///< in [1, 256]
  /// Passes over the ratings, >= 0; 0 leaves all clusters as they were drawn.
  int epochs = 20;
  /// How many random clusterings are improved side by side, in [1, 1000]; the one of least training
  /// error is kept.
  int restarts = 5;
  std::uint64_t seed = 42;
  /// Holds `predict` to the range of the training ratings. `score` is never held.
  bool clip = true;

  friend bool operator==(const co_clustering_options&, const co_clustering_options&) = default;
};

template <maybe_const<co_clustering_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("user_clusters", o.user_clusters);
  field("item_clusters", o.item_clusters);
  field("epochs", o.epochs);
  field("restarts", o.restarts);
  field("seed", o.seed);
  field("clip", o.clip);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const co_clustering_options& o) {
  require_option(o.user_clusters >= 1 && o.user_clusters <= 256, "user_clusters", o.user_clusters,
                 "[1, 256]");
  require_option(o.item_clusters >= 1 && o.item_clusters <= 256, "item_clusters", o.item_clusters,
                 "[1, 256]");
  require_option(o.epochs >= 0, "epochs", o.epochs, "[0, 2147483647]");
  require_option(o.restarts >= 1 && o.restarts <= 1000, "restarts", o.restarts, "[1, 1000]");
}

}  // namespace kindred
