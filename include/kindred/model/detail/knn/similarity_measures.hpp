#pragma once

#include <kindred/kernel/similarity_measures.hpp>
#include <kindred/model/similarity.hpp>

namespace kindred::detail {

[[nodiscard]] inline kernel::pair_confidence confidence_of(const similarity_options& o) noexcept {
  return {.least = o.min_support,
          .freedom = o.measure == similarity::baseline_pearson ? 1 : 0,
          .shrinkage = static_cast<float>(o.shrinkage),
          .significance = static_cast<float>(o.significance)};
}

/// Calls `f(measure)` with the measure of the options. To add one: an enumerator, here which type
/// it is, and in vector_maker what it makes of ratings and knows of rows.
template <class Function>
void with_measure(const similarity_options& o, const kernel::row_facts& rows, const Function& f) {
  const bool common = o.norms == similarity_norms::common;
  const auto product = [&] {
    return confidence_of(o).certain() ? f(kernel::scaled_product<kernel::bare_product>{rows})
                                      : f(kernel::scaled_product<kernel::product_sums>{rows});
  };
  switch (o.measure) {
    case similarity::pearson:
      return common ? f(kernel::common_correlation{}) : product();
    case similarity::cosine:
    case similarity::adjusted_cosine:
    case similarity::baseline_pearson:
      return common ? f(kernel::common_cosine{}) : product();
    case similarity::tf_idf:
    case similarity::bm25:
    case similarity::asymmetric_cosine:
      return product();
    case similarity::mean_squared_difference:
      return f(kernel::likeness_by_difference{});
    case similarity::jaccard:
      return f(kernel::tversky_index{rows});
    case similarity::tversky:
      return f(
          kernel::tversky_index{rows, static_cast<float>(o.alpha), static_cast<float>(o.beta)});
    case similarity::log_likelihood:
      return f(kernel::log_likelihood_ratio{rows});
  }
}

}  // namespace kindred::detail
