#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/baseline_options.hpp>
#include <kindred/model/similarity.hpp>

namespace kindred {

/// What a neighbourhood model takes the mean of, weighted by similarity, over the neighbours. Rows
/// are items with `item_knn` and users with `user_knn`.
enum class knn_predictor {
  plain,          ///< ratings
  mean_centered,  ///< ratings less the mean of their row; on top of the mean of the row asked for
  z_score,        ///< the same in terms of the standard deviation of the row
  baseline        ///< ratings less what `baseline_model` expects; on top of what it expects here
};

/// Options of `user_knn` and `item_knn`. The defaults suit star ratings; for purchases or plays,
/// which are all alike, take the measure `cosine`, `tf_idf` or `bm25` and the predictor `plain`.
struct knn_options {
  similarity_options similarity{.measure = kindred::similarity::pearson, .shrinkage = 20};
  knn_predictor predictor = knn_predictor::baseline;
  /// How many neighbours make a prediction: the nearest k of those kept that rated (or that the
  /// user rated); 0 .. 512, 0 being all. A ranking takes all.
  int k = 40;
  /// With fewer, the prediction is what is expected without neighbours, >= 1.
  int min_k = 1;
  /// How many neighbours of each row are kept, >= 0; 0 keeps all that are similar at all. 8 bytes
  /// each.
  index neighbors = 400;
  /// Of the predictor `baseline` and of the measure baseline_pearson.
  baseline_options baseline{};
  /// Holds `predict` to the range of the training ratings. `score` is never held.
  bool clip = true;

  friend bool operator==(const knn_options&, const knn_options&) = default;
};

template <maybe_const<knn_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("similarity", o.similarity);
  field("predictor", o.predictor);
  field("k", o.k);
  field("min_k", o.min_k);
  field("neighbors", o.neighbors);
  field("baseline", o.baseline);
  field("clip", o.clip);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const knn_options& o) {
  check_options(o.similarity);
  check_options(o.baseline);
  const auto predictor = static_cast<int>(o.predictor);
  require_option(predictor >= 0 && predictor <= static_cast<int>(knn_predictor::baseline),
                 "predictor", predictor, "{plain, mean_centered, z_score, baseline}");
  require_option(o.k >= 0 && o.k <= 512, "k", o.k, "[0, 512]");
  require_option(o.min_k >= 1, "min_k", o.min_k, "[1, 2147483647]");
  require_option(o.neighbors >= 0, "neighbors", o.neighbors, "[0, 2147483647]");
}

}  // namespace kindred
