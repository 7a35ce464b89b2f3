#pragma once

#include <kindred/core/error.hpp>
#include <kindred/serve/scored_lists.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace kindred {

/// How much of exact lists others hold.
struct recall_report {
  std::size_t queries = 0;
  double recall = 1;  ///< the share of an exact list that was found: the mean over queries,
  double worst = 1;   ///< the least,
  double whole = 1;   ///< and how often it is all
};

/// Throws data_error if the lists are of different numbers of queries.
[[nodiscard]] inline recall_report compare_lists(const scored_lists& exact,
                                                 const scored_lists& found) {
  if (exact.size() != found.size())
    throw data_error("compare_lists: " + detail::to_text(exact.size()) + " exact lists and " +
                     detail::to_text(found.size()) + " others");
  recall_report report{.queries = exact.size()};
  if (exact.size() == 0) return report;
  double sum = 0;
  double whole = 0;
  for (std::size_t q = 0; q < exact.size(); ++q) {
    const auto is_found = [list = found[q]](const scored_item& entry) {
      return std::any_of(list.begin(), list.end(),
                         [&](const scored_item& other) { return other.item == entry.item; });
    };
    const auto hits = std::count_if(exact[q].begin(), exact[q].end(), is_found);
    const double recall =
        exact[q].empty() ? 1 : static_cast<double>(hits) / static_cast<double>(exact[q].size());
    sum += recall;
    whole += recall == 1 ? 1 : 0;
    report.worst = std::min(report.worst, recall);
  }
  report.recall = sum / static_cast<double>(exact.size());
  report.whole = whole / static_cast<double>(exact.size());
  return report;
}

/// Compares the k best of an exact index with those of another, both of the same items: of an
/// `item_index` that is not exact, or a `hnsw_index`. `queries` is row-major.
///
///   const auto report = kindred::measure_recall(kindred::item_index{model}, graph, queries, 10);
template <class Exact, class Index>
[[nodiscard]] recall_report measure_recall(const Exact& exact, const Index& quick,
                                           std::span<const float> queries, std::size_t k) {
  return compare_lists(exact.search_all(queries, k), quick.search_all(queries, k));
}

}  // namespace kindred
