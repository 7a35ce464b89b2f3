#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/checked_lists.hpp>

#include <cstddef>
#include <span>

namespace kindred::detail {

/// Some items in ascending order, with a value each.
struct item_values {
  std::span<const index> items;
  std::span<const float> values;  ///< empty if each value is 1

  [[nodiscard]] float value(std::size_t k) const noexcept {
    return values.empty() ? 1.0F : values[k];
  }
};

/// What each user rated in the training data, for models that predict from it. Shares the arrays of
/// the dataset.
class rated_items {
 public:
  rated_items() = default;
  /// With `values` off, each rating counts as 1.
  rated_items(const dataset& train, bool values)
      : offsets_(train.storage().user_offsets), items_(train.storage().row_items) {
    if (values) values_ = train.storage().row_values;
  }

  [[nodiscard]] index num_users() const noexcept {
    return offsets_.empty() ? 0 : static_cast<index>(offsets_.size() - 1);
  }
  /// Nothing for a user who is not known.
  [[nodiscard]] item_values of(index user) const noexcept {
    if (user < 0 || user >= num_users()) return {};
    const auto u = static_cast<std::size_t>(user);
    const auto begin = static_cast<std::size_t>(offsets_[u]);
    const std::size_t count = static_cast<std::size_t>(offsets_[u + 1]) - begin;
    return {items_.span().subspan(begin, count),
            values_.empty() ? values_.span() : values_.span().subspan(begin, count)};
  }

  /// What a rating counts as.
  [[nodiscard]] float counted(float rating) const noexcept {
    return values_.empty() ? 1.0F : rating;
  }

  template <class Writer>
  void write(Writer& out) const {
    out.add("rated_offsets", offsets_, {offsets_.size()});
    out.add("rated_items", items_, {items_.size()});
    if (!values_.empty()) out.add("rated_values", values_, {items_.size()});
  }
  /// With `values` as they were when written. Throws data_error unless there are ascending lists of
  /// items below `num_items`.
  template <class Reader>
  [[nodiscard]] static rated_items read(const Reader& in, bool values, std::size_t num_items) {
    rated_items read;
    read.offsets_ = in.template array<index>("rated_offsets");
    read.items_ = in.template array<index>("rated_items");
    if (values) read.values_ = in.template array<float>("rated_values", {read.items_.size()});
    check_lists(read.offsets_, read.items_, num_items, "the lists of rated items");
    return read;
  }

 private:
  shared_array<index> offsets_;
  shared_array<index> items_;
  shared_array<float> values_;
};

}  // namespace kindred::detail
