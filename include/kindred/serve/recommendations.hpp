#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/kernel/top_k.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// One line of a ranking; reads as `[item, score]`.
struct recommendation {
  std::string_view id;
  float score;
};

/// A ranking of items (or of users, where those were asked for), best first, with their external
/// ids:
///
///   for (const auto& [item, score] : recommender.recommend("42", 10)) ...
///
/// The ids live as long as this list or a copy of it, whatever becomes of the recommender.
class recommendations {
 public:
  class iterator {
   public:
    using value_type = recommendation;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    iterator(const id_map* ids, const scored_item* at) noexcept : ids_(ids), at_(at) {}
    recommendation operator*() const noexcept { return {ids_->id(at_->item), at_->score}; }
    iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    iterator operator++(int) noexcept { return {ids_, at_++}; }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    const id_map* ids_ = nullptr;
    const scored_item* at_ = nullptr;
  };

  recommendations() = default;
  recommendations(id_map ids, std::vector<scored_item> entries, bool cold_start = false,
                  std::vector<std::string> unknown_items = {}) noexcept
      : ids_(std::move(ids)),
        entries_(std::move(entries)),
        unknown_items_(std::move(unknown_items)),
        cold_start_(cold_start) {}

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// Precondition: rank < size(); the best has rank 0.
  [[nodiscard]] recommendation operator[](std::size_t rank) const noexcept {
    return {ids_.id(entries_[rank].item), entries_[rank].score};
  }
  [[nodiscard]] iterator begin() const noexcept { return {&ids_, entries_.data()}; }
  [[nodiscard]] iterator end() const noexcept { return {&ids_, entries_.data() + size()}; }

  /// Nothing was known of the user, and this is the popularity ranking: items by their number of
  /// training ratings, which are the scores.
  [[nodiscard]] bool cold_start() const noexcept { return cold_start_; }
  /// The ids of `recommend_from` that are not in the training data, in their order there.
  [[nodiscard]] std::span<const std::string> unknown_items() const noexcept {
    return unknown_items_;
  }
  /// The same ranking by dense indices.
  [[nodiscard]] std::span<const scored_item> entries() const noexcept { return entries_; }

 private:
  id_map ids_;
  std::vector<scored_item> entries_;
  std::vector<std::string> unknown_items_;
  bool cold_start_ = false;
};

}  // namespace kindred
