#pragma once

#include <kindred/model/detail/knn/neighbor_collector.hpp>
#include <kindred/model/detail/knn/row_similarities.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace kindred::detail {

/// Compares rows with others and offers what it finds to both. Belongs to one thread.
template <class Measure>
class row_comparison {
 public:
  /// `deaf` marks labels of rows that are not told; it may be empty. All must outlive this.
  row_comparison(const labelled_vectors& rows, const row_similarities<Measure>& similarities,
                 std::span<const std::uint8_t> deaf, neighbor_collector& kept)
      : rows_(rows),
        similarities_(similarities),
        kept_(kept),
        bars_(labelled_vectors::padded(rows.rows()), std::numeric_limits<float>::infinity()) {
    for (std::size_t other = 0; other < rows.rows(); ++other)
      if (deaf.empty() || deaf[other] == 0) bars_[other] = kept.threshold(other);
  }

  /// Compares row `label` with all rows of a label below `limit`.
  void compare(std::size_t label, std::size_t limit) {
    mine_.clear(kept_.threshold(label));
    if (similarities_.start(label, limit) < limit / few)
      similarities_.for_each_related(
          [&](std::size_t other, float to, float back) { offer(label, other, to, back); });
    else
      scan(label, limit);
    kept_.offer(label, mine_.kept());
  }

 private:
  /// With fewer terms than one in so many rows, it is quicker to look for the sums where they were
  /// made than through all of them.
  static constexpr std::size_t few = 8;
  static constexpr std::size_t block = labelled_vectors::block;

  /// `to` is the similarity of the other as a neighbour of the row, `back` that of the row as a
  /// neighbour of the other.
  void offer(std::size_t label, std::size_t other, float to, float back) {
    const neighbor_limits& limits = kept_.limits();
    if (limits.nearness(to) >= mine_.threshold()) mine_.add({rows_.row_of(other), to}, limits.most);
    if (limits.nearness(back) < bars_[other]) return;
    const neighbor one{rows_.row_of(label), back};
    if (limits.nearness(back) >= kept_.threshold(other)) kept_.offer(other, {&one, 1});
  }

  /// Most offers are refused; those are told block by block, by loops that compile to vectors.
  void scan(std::size_t label, std::size_t limit) {
    const neighbor_limits limits = kept_.limits();
    for (std::size_t first = 0; first < limit; first += block) {
      float to[block];
      float back[block];
      similarities_.to(first, to);
      if (similarities_.symmetric())
        std::copy_n(to, block, back);
      else
        similarities_.back(first, back);
      const float bar = mine_.threshold();
      const float* const bars = bars_.data() + first;
      int wanted = 0;
      for (std::size_t n = 0; n < block; ++n)
        wanted |= static_cast<int>(limits.nearness(to[n]) >= bar) |
                  static_cast<int>(limits.nearness(back[n]) >= bars[n]);
      if (wanted == 0) continue;
      for (std::size_t n = 0; n < std::min(block, limit - first); ++n)
        offer(label, first + n, to[n], back[n]);
    }
  }

  const labelled_vectors& rows_;
  row_similarities<Measure> similarities_;
  neighbor_collector& kept_;
  std::vector<float> bars_;  ///< by label: how near the row wants to be told of, as of late
  nearest_neighbors mine_;   ///< of the row that is compared
};

}  // namespace kindred::detail
