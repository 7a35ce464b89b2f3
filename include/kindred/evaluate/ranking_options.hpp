#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/evaluate/item_distance.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kindred {

/// What `evaluate_ranking` computes.
struct ranking_options {
  std::vector<index> at = {10, 20, 100};  ///< the cutoffs k, each >= 1; may exceed the items
  /// The least rating that makes a test item relevant; without it, every test item is.
  std::optional<float> relevant_from{};
  double beta = 1;  ///< of F-beta, in (0, 1000]
  /// If > 0, a user's relevant items are ranked among so many others, drawn without replacement,
  /// and not among all. Cheap to compare with papers that do it, and no estimate of the exact
  /// metrics (but of the AUC): it can put models in another order (Krichene and Rendle, "On sampled
  /// metrics for item recommendation", KDD 2020).
  index sampled_negatives = 0;
  std::uint64_t seed = 42;   ///< of the sample
  item_distance distance{};  ///< for the diversity of lists; may be empty: item_distance.hpp
  bool keep_users = false;   ///< fill ranking_metrics::by_user: 130 bytes a user and cutoff
};

/// Throws option_error for the first option outside its range.
inline void check_options(const ranking_options& options) {
  require_option(!options.at.empty(), "at", std::string_view("{}"), "at least one cutoff");
  for (const index k : options.at) require_option(k >= 1, "at", k, "[1, 2147483647]");
  if (options.relevant_from)
    require_option(!std::isnan(*options.relevant_from), "relevant_from", *options.relevant_from,
                   "the numbers");
  require_option(options.beta > 0 && options.beta <= 1000, "beta", options.beta, "(0, 1000]");
  require_option(options.sampled_negatives >= 0, "sampled_negatives", options.sampled_negatives,
                 "[0, 2147483647]");
}

}  // namespace kindred
