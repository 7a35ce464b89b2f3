#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/merge.hpp>
#include <kindred/serve/detail/live/rating_layer.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail::live {

/// What a rating is to those that are there.
enum class arrival { added, changed, duplicate };

/// All ratings: a dataset and what came after it. New ones go to the newest of some layers; older
/// layers never change, so that they can be merged into the next dataset while ratings arrive. Not
/// for several threads at once.
class rating_log {
 public:
  explicit rating_log(dataset base) : base_(std::move(base)), size_(base_.size()) {}

  /// Ratings, in all.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const dataset& base() const noexcept { return base_; }
  /// Ratings in the layers; those of a pair that several have count in each.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_after(0); }
  /// The same without the first layers.
  [[nodiscard]] std::size_t pending_after(std::size_t layers) const noexcept {
    std::size_t pending = newest_->size();
    for (std::size_t n = layers; n < older_.size(); ++n) pending += older_[n]->size();
    return pending;
  }

  /// A rating that arrives. It is a duplicate, and changes nothing, if value and weight are those
  /// of the rating that is there. O(log of the user's ratings) and what it takes to insert it among
  /// the new ones of the user.
  arrival set(const rating_change& rating) {
    const auto known = find(rating.user, rating.item);
    if (known && known->value == rating.value && known->weight == rating.weight)
      return arrival::duplicate;
    newest_->set(rating);
    if (known) return arrival::changed;
    ++size_;
    return arrival::added;
  }

  /// Those of a user, by item. O(of them).
  void ratings_of_user(index user, std::vector<rating_change>& ratings) const {
    std::vector<rating_change> changes;
    for_each_layer([&](const rating_layer& layer) {
      const auto more = layer.of_user(user);
      changes.insert(changes.end(), more.begin(), more.end());
    });
    std::stable_sort(changes.begin(), changes.end(), in_row_order);
    keep_last(changes);
    ratings.clear();
    for_each_merged(base_, changes, user, [&](const auto& one) { ratings.push_back(one); });
  }

  /// Those of an item, by user. O(of them), and a binary search for each that is new.
  void ratings_of_item(index item, std::vector<rating_change>& ratings) const {
    std::vector<index> changed;
    for_each_layer([&](const rating_layer& layer) {
      const auto more = layer.raters_of(item);
      changed.insert(changed.end(), more.begin(), more.end());
    });
    std::sort(changed.begin(), changed.end());
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    ratings.clear();
    const bool has_weights = base_.has_weights();
    auto next = changed.begin();
    const auto take_changes_up_to = [&](index user) {
      for (; next != changed.end() && *next <= user; ++next) ratings.push_back(*find(*next, item));
    };
    if (item < base_.num_items())
      for (const auto [user, value] : base_.by_item(item)) {
        take_changes_up_to(user);
        if (ratings.empty() || ratings.back().user != user)
          ratings.push_back({user, item, value, has_weights ? find(user, item)->weight : 1.0F});
      }
    if (!changed.empty()) take_changes_up_to(changed.back());
  }

  /// All layers, none of which will change: what comes next goes to a new one.
  [[nodiscard]] rating_layers freeze() {
    if (newest_->size() > 0) {
      auto next = make_layer();
      older_.push_back(newest_);
      newest_ = std::move(next);
    }
    return older_;
  }
  /// Layers that came after the first `count`.
  [[nodiscard]] rating_layers layers_after(std::size_t count) const {
    rating_layers layers(older_.begin() + static_cast<std::ptrdiff_t>(count), older_.end());
    layers.push_back(newest_);
    return layers;
  }
  /// Takes a dataset into which the first `count` layers were merged.
  void replace(dataset base, std::size_t count) {
    base_ = std::move(base);
    older_.erase(older_.begin(), older_.begin() + static_cast<std::ptrdiff_t>(count));
  }

 private:
  static std::shared_ptr<rating_layer> make_layer() { return std::make_shared<rating_layer>(); }

  template <class Function>
  void for_each_layer(const Function& f) const {
    for (const auto& layer : older_) f(*layer);
    f(*newest_);
  }

  [[nodiscard]] std::optional<rating_change> find(index user, index item) const {
    if (const rating_change* const found = newest_->find(user, item)) return *found;
    for (auto layer = older_.rbegin(); layer != older_.rend(); ++layer)
      if (const rating_change* const found = (*layer)->find(user, item)) return *found;
    if (user >= base_.num_users()) return std::nullopt;
    const rating_list known = base_.by_user(user);
    const auto at = std::lower_bound(known.indices().begin(), known.indices().end(), item);
    if (at == known.indices().end() || *at != item) return std::nullopt;
    const auto n = static_cast<std::size_t>(at - known.indices().begin());
    return rating_change{user, item, known.values()[n],
                         base_.has_weights() ? base_.weights_of(user)[n] : 1.0F};
  }

  dataset base_;
  rating_layers older_;
  std::shared_ptr<rating_layer> newest_ = make_layer();
  std::size_t size_;
};

}  // namespace kindred::detail::live
