#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <utility>

namespace kindred {

/// The ratings of one user (indices are items) or of one item (indices are users), in ascending
/// order of index. Iterating yields `{index, value}` pairs.
class rating_list {
 public:
  struct entry {
    kindred::index index;
    float value;
  };

  class iterator {
   public:
    using value_type = entry;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    iterator(const index* at, const float* value) noexcept : at_(at), value_(value) {}
    entry operator*() const noexcept { return {*at_, *value_}; }
    iterator& operator++() noexcept {
      ++at_;
      ++value_;
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    const index* at_ = nullptr;
    const float* value_ = nullptr;
  };

  rating_list(std::span<const index> indices, std::span<const float> values) noexcept
      : indices_(indices), values_(values) {}

  [[nodiscard]] std::size_t size() const noexcept { return indices_.size(); }
  [[nodiscard]] bool empty() const noexcept { return indices_.empty(); }
  [[nodiscard]] std::span<const index> indices() const noexcept { return indices_; }
  [[nodiscard]] std::span<const float> values() const noexcept { return values_; }
  [[nodiscard]] iterator begin() const noexcept { return {indices_.data(), values_.data()}; }
  [[nodiscard]] iterator end() const noexcept {
    return {indices_.data() + size(), values_.data() + size()};
  }

 private:
  std::span<const index> indices_;
  std::span<const float> values_;
};

namespace detail {

/// What a dataset is made of. Rows are sorted by (user, item) and unique; the columns hold the same
/// ratings sorted by (item, user).
struct dataset_storage {
  id_map users;
  id_map items;
  shared_array<index> user_offsets = aligned_vector<index>(1, 0);  ///< num_users + 1
  shared_array<index> row_items;
  shared_array<float> row_values;
  shared_array<std::int64_t> row_times;                            ///< empty if there are none
  shared_array<float> row_weights;                                 ///< empty if there are none
  shared_array<index> item_offsets = aligned_vector<index>(1, 0);  ///< num_items + 1
  shared_array<index> column_users;
  shared_array<float> column_values;
  double mean = 0;
  float min_value = 0;
  float max_value = 0;
};

}  // namespace detail

/// Immutable ratings of users for items, with their external ids. Copies share storage; safe to
/// read from any thread. One storage is seen by user (CSR) and by item (CSC). Each (user, item)
/// pair occurs at most once, values are finite. A user or an item may have no ratings, as in the
/// parts of a split, which share the ids of the whole.
///
/// Memory: 16 bytes a rating, 8 more with times, 4 more with weights, and the ids.
class dataset {
 public:
  dataset() : storage_(std::make_shared<const detail::dataset_storage>()) {}
  explicit dataset(detail::dataset_storage storage)
      : storage_(std::make_shared<const detail::dataset_storage>(std::move(storage))) {}

  [[nodiscard]] index num_users() const noexcept { return storage_->users.size(); }
  [[nodiscard]] index num_items() const noexcept { return storage_->items.size(); }
  /// Number of ratings.
  [[nodiscard]] std::size_t size() const noexcept { return storage_->row_values.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// Mean, least and greatest rating; 0 if there are none.
  [[nodiscard]] double mean() const noexcept { return storage_->mean; }
  [[nodiscard]] float min_value() const noexcept { return storage_->min_value; }
  [[nodiscard]] float max_value() const noexcept { return storage_->max_value; }

  [[nodiscard]] const id_map& users() const noexcept { return storage_->users; }
  [[nodiscard]] const id_map& items() const noexcept { return storage_->items; }

  /// The ratings of a user: items ascending. Precondition: 0 <= u < num_users().
  [[nodiscard]] rating_list by_user(index u) const noexcept {
    const auto [begin, count] = extent(storage_->user_offsets, u);
    return {row_items().subspan(begin, count), row_values().subspan(begin, count)};
  }
  /// The ratings of an item: users ascending. Precondition: 0 <= i < num_items().
  [[nodiscard]] rating_list by_item(index i) const noexcept {
    const auto [begin, count] = extent(storage_->item_offsets, i);
    return {column_users().subspan(begin, count), column_values().subspan(begin, count)};
  }

  [[nodiscard]] bool has_times() const noexcept { return !storage_->row_times.empty(); }
  [[nodiscard]] bool has_weights() const noexcept { return !storage_->row_weights.empty(); }
  /// Unix seconds of the ratings of `by_user(u)`, in the same order; empty without times.
  [[nodiscard]] std::span<const std::int64_t> times_of(index u) const noexcept {
    const auto [begin, count] = extent(storage_->user_offsets, u);
    return has_times() ? row_times().subspan(begin, count) : row_times();
  }
  /// Weights of the ratings of `by_user(u)`, in the same order; empty without weights.
  [[nodiscard]] std::span<const float> weights_of(index u) const noexcept {
    const auto [begin, count] = extent(storage_->user_offsets, u);
    return has_weights() ? row_weights().subspan(begin, count) : row_weights();
  }

  /// The whole of each array. Row r is the r-th rating by (user, item); user u owns the rows
  /// user_offsets()[u] .. user_offsets()[u + 1] - 1. Columns are the same by (item, user).
  [[nodiscard]] std::span<const index> user_offsets() const noexcept {
    return storage_->user_offsets.span();
  }
  [[nodiscard]] std::span<const index> row_items() const noexcept {
    return storage_->row_items.span();
  }
  [[nodiscard]] std::span<const float> row_values() const noexcept {
    return storage_->row_values.span();
  }
  [[nodiscard]] std::span<const std::int64_t> row_times() const noexcept {
    return storage_->row_times.span();
  }
  [[nodiscard]] std::span<const float> row_weights() const noexcept {
    return storage_->row_weights.span();
  }
  [[nodiscard]] std::span<const index> item_offsets() const noexcept {
    return storage_->item_offsets.span();
  }
  [[nodiscard]] std::span<const index> column_users() const noexcept {
    return storage_->column_users.span();
  }
  [[nodiscard]] std::span<const float> column_values() const noexcept {
    return storage_->column_values.span();
  }

  /// The shared arrays themselves, for what makes a dataset out of another.
  [[nodiscard]] const detail::dataset_storage& storage() const noexcept { return *storage_; }

 private:
  struct range {
    std::size_t begin;
    std::size_t count;
  };
  static range extent(const shared_array<index>& offsets, index i) noexcept {
    const auto k = static_cast<std::size_t>(i);
    const auto begin = static_cast<std::size_t>(offsets[k]);
    return {begin, static_cast<std::size_t>(offsets[k + 1]) - begin};
  }

  std::shared_ptr<const detail::dataset_storage> storage_;
};

}  // namespace kindred
