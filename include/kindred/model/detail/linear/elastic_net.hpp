#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/model/detail/linear/item_gram.hpp>
#include <kindred/model/slim_options.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Finds the weights w of one item's column y from those X of the items rated together with it:
///   1/2 || y - X w ||^2 + l1 sum |w| + l2/2 sum w^2
/// is least. By cyclic coordinate descent on the Gram matrix alone (Friedman, Hastie, Tibshirani,
/// "Regularization paths for generalized linear models via coordinate descent", Journal of
/// Statistical Software 33(1), 2010), over a set of items that starts empty and grows by those
/// whose optimality is violated most, until none is. Their part of the Gram matrix is kept dense.
///
/// Holds 8 bytes an item, and 8 for each pair of items in the set.
class elastic_net {
 public:
  /// Both must outlive it.
  elastic_net(const item_gram& gram, const slim_options& options)
      : gram_(gram), options_(options), predicted_(gram.size(), 0.0F), slot_(gram.size(), none) {}

  struct weight {
    index item;
    double value;
  };
  struct solution {
    std::span<const weight> weights;  ///< that are not 0, by ascending item
    double squared_error;             ///< || y - X w ||^2
  };

  /// Valid until the next call.
  [[nodiscard]] solution solve(std::size_t target) {
    target_ = target;
    clear();
    sweeps_left_ = options_.max_sweeps;
    while (grow()) {
      descend();
      if (sweeps_left_ == 0) break;
      predict();
    }
    return finish();
  }

 private:
  static constexpr index none = -1;

  struct candidate {
    double gain;  ///< by how much its step from 0 lowers twice the objective
    index item;
    float product;  ///< with the target

    friend bool operator<(const candidate& a, const candidate& b) noexcept {
      return a.gain > b.gain || (a.gain == b.gain && a.item < b.item);
    }
  };
  /// An item of the set.
  struct member {
    index item;
    double product;  ///< with the target
    double weight;
    double applied;  ///< the weight that `predicted_` goes by
  };

  void clear() {
    for (const member& m : set_) slot_[static_cast<std::size_t>(m.item)] = none;
    set_.clear();
    residuals_.clear();
    std::fill(predicted_.begin(), predicted_.end(), 0.0F);
  }

  /// S(z) / curvature, the minimum along one coordinate.
  [[nodiscard]] double minimum(double z, double curvature) const noexcept {
    if (z > options_.l1) return (z - options_.l1) / curvature;
    if (z < -options_.l1 && !options_.nonnegative) return (z + options_.l1) / curvature;
    return 0;
  }
  [[nodiscard]] double curvature(index item) const noexcept {
    return gram_.diagonal(static_cast<std::size_t>(item)) + options_.l2;
  }
  /// A step that gains no more is not worth it; without weights, twice the objective is y'y.
  [[nodiscard]] double slack() const noexcept {
    return options_.tolerance * gram_.diagonal(target_);
  }

  /// Adds the items whose steps from 0 would gain most, at most as many as there are, but some from
  /// the start; false if there is none that would.
  bool grow() {
    candidates_.clear();
    gram_[target_].for_each([&](index item, float product) {
      const auto i = static_cast<std::size_t>(item);
      const double bend = curvature(item);
      const double step = minimum(static_cast<double>(product - predicted_[i]), bend);
      const double gain = step * step * bend;
      if (gain > slack() && slot_[i] == none) candidates_.push_back({gain, item, product});
    });
    const std::size_t most = std::max<std::size_t>(32, set_.size());
    if (candidates_.size() > most) {
      const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(most);
      std::nth_element(candidates_.begin(), end, candidates_.end());
      candidates_.erase(end, candidates_.end());
    }
    std::sort(candidates_.begin(), candidates_.end());
    for (const candidate& joining : candidates_) join(joining);
    return !candidates_.empty();
  }

  void join(const candidate& joining) {
    const std::size_t slot = set_.size();
    reserve(slot + 1);
    fill_pairs(slot, gram_[static_cast<std::size_t>(joining.item)]);
    pair(slot, slot) = curvature(joining.item);
    double residual = joining.product;
    for (std::size_t k = 0; k < slot; ++k) residual -= pair(slot, k) * set_[k].weight;
    slot_[static_cast<std::size_t>(joining.item)] = static_cast<index>(slot);
    set_.push_back({joining.item, joining.product, 0, 0});
    residuals_.push_back(residual);
  }

  /// The products of the next member, whose row this is, with those before it.
  void fill_pairs(std::size_t slot, const gram_row& row) {
    double* const own = &pair(slot, 0);
    if (row.dense()) {
      for (std::size_t k = 0; k < slot; ++k)
        own[k] = static_cast<double>(row.values[static_cast<std::size_t>(set_[k].item)]);
    } else {
      std::fill_n(own, slot, 0.0);
      row.for_each([&](index other, float product) {
        const index k = slot_[static_cast<std::size_t>(other)];
        if (k != none) own[k] = static_cast<double>(product);
      });
    }
    for (std::size_t k = 0; k < slot; ++k) pair(k, slot) = own[k];
  }

  /// Sweeps over the set until no step gains anything.
  void descend() {
    double most = 0;
    do {
      most = 0;
      for (std::size_t k = 0; k < set_.size(); ++k) {
        const double bend = pair(k, k);
        const double before = set_[k].weight;
        const double step = minimum(residuals_[k] + bend * before, bend) - before;
        if (step == 0) continue;
        set_[k].weight += step;
        kernel::axpy(-step, &pair(k, 0), set_.size(), residuals_.data());
        most = std::max(most, step * step * bend);
      }
    } while (--sweeps_left_ > 0 && most > slack());
  }

  /// Brings `predicted_` to the present weights.
  void predict() {
    for (member& m : set_) {
      const auto change = static_cast<float>(m.weight - m.applied);
      if (change == 0) continue;
      m.applied = m.weight;
      const gram_row& row = gram_[static_cast<std::size_t>(m.item)];
      if (row.dense())
        kernel::axpy(change, row.values.data(), row.values.size(), predicted_.data());
      else
        row.for_each([&](index other, float product) {
          predicted_[static_cast<std::size_t>(other)] += change * product;
        });
    }
  }

  [[nodiscard]] solution finish() {
    // y'y - 2 w'X'y + w'X'X w, where X'y - X'X w - l2 w are the residuals.
    double squared_error = gram_.diagonal(target_);
    found_.clear();
    for (std::size_t k = 0; k < set_.size(); ++k) {
      const member& m = set_[k];
      if (m.weight == 0) continue;
      squared_error -= m.weight * (m.product + residuals_[k] + options_.l2 * m.weight);
      found_.push_back({m.item, m.weight});
    }
    std::sort(found_.begin(), found_.end(),
              [](const weight& a, const weight& b) { return a.item < b.item; });
    return {found_, std::max(squared_error, 0.0)};
  }

  [[nodiscard]] double& pair(std::size_t a, std::size_t b) noexcept {
    return pairs_[a * room_ + b];
  }

  /// Makes room for the pairs of so many items.
  void reserve(std::size_t size) {
    if (size <= room_) return;
    const std::size_t room = std::max<std::size_t>(64, 2 * room_);
    aligned_vector<double> pairs(room * room);
    for (std::size_t k = 0; k + 1 < size; ++k)
      std::copy_n(&pair(k, 0), size - 1, pairs.data() + k * room);
    pairs_ = std::move(pairs);
    room_ = room;
  }

  const item_gram& gram_;
  const slim_options& options_;
  std::size_t target_ = 0;
  int sweeps_left_ = 0;
  aligned_vector<float> predicted_;  ///< X'X w of every item that is not in the set
  std::vector<index> slot_;          ///< where each item is in the set, or none
  std::vector<candidate> candidates_;
  std::vector<member> set_;
  std::vector<double> residuals_;  ///< X'y - X'X w - l2 w of each member
  aligned_vector<double> pairs_;   ///< X'X + l2 I of the members, room_ x room_
  std::size_t room_ = 0;
  std::vector<weight> found_;
};

}  // namespace kindred::detail
