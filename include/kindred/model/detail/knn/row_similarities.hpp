#pragma once

#include <kindred/kernel/similarity_measures.hpp>
#include <kindred/model/detail/knn/labelled_vectors.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The similarities of one row after the other with rows of lower labels. Belongs to one thread.
template <class Measure>
class row_similarities {
 public:
  static constexpr std::size_t block = labelled_vectors::block;

  /// `rows` must outlive this.
  row_similarities(const labelled_vectors& rows, const Measure& measure,
                   const kernel::pair_confidence& confidence)
      : rows_(rows),
        measure_(measure),
        confidence_(confidence),
        sums_(labelled_vectors::padded(rows.rows())) {}

  [[nodiscard]] bool symmetric() const noexcept { return measure_.symmetric(); }

  /// Turns to row `label` and the rows of a label below `limit`; returns how many terms they have
  /// in common.
  std::size_t start(std::size_t label, std::size_t limit) {
    std::fill_n(sums_.begin(), limit_, sums{});
    label_ = label;
    limit_ = limit;
    const std::size_t terms = rows_.add_up(label, limit, sums_.data());
    if (label < limit) sums_[label] = {};
    return terms;
  }

  /// The similarities of `block` rows from label `first` on as neighbours of the row, 0 or NaN
  /// where they have nothing in common.
  void to(std::size_t first, float* similarities) const noexcept {
    fill(first, similarities,
         [this](const sums& s, std::size_t other) { return measure_(s, label_, other); });
  }
  /// Those of the row as their neighbour.
  void back(std::size_t first, float* similarities) const noexcept {
    fill(first, similarities,
         [this](const sums& s, std::size_t other) { return measure_(s, other, label_); });
  }

  /// Calls `f(other, to, back)` once for each row that has something in common with this one. Done
  /// with the row then. Quicker than blocks where few have.
  template <class Function>
  void for_each_related(const Function& f) {
    rows_.for_each_partner(label_, limit_, [&](std::size_t other) {
      const sums s = std::exchange(sums_[other], {});
      if (s == sums{}) return;
      const float to = confidence(s) * measure_(s, label_, other);
      f(other, to, symmetric() ? to : confidence(s) * measure_(s, other, label_));
    });
    limit_ = 0;
  }

 private:
  using sums = typename Measure::sums;

  [[nodiscard]] float confidence(const sums& s) const noexcept {
    return kernel::confidence_in(confidence_, s);
  }

  template <class Similarity>
  void fill(std::size_t first, float* similarities, const Similarity& similarity) const noexcept {
    const sums* const common = sums_.data() + first;
    for (std::size_t n = 0; n < block; ++n) similarities[n] = similarity(common[n], first + n);
    if (confidence_.certain()) return;
    for (std::size_t n = 0; n < block; ++n) similarities[n] *= confidence(common[n]);
  }

  const labelled_vectors& rows_;
  Measure measure_;
  kernel::pair_confidence confidence_;
  std::vector<sums> sums_;
  std::size_t label_ = 0;
  std::size_t limit_ = 0;  ///< sums from here on are zeros
};

}  // namespace kindred::detail
