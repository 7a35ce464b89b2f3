#pragma once

#include <kindred/core/types.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/kernel/top_k_scores.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/serve/detail/item_scan.hpp>
#include <kindred/serve/item_storage.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace kindred::detail::live {

/// Rows of items as the kernels want them. They are kept elsewhere.
template <class Scalar>
class row_list {
 public:
  /// Items come in ascending order.
  void add(index item, const latent_row<Scalar>& row) { add(item, row.factors.data(), row.bias); }

  /// Both lists, with rows of `newer` in place of those that it has, too. O(both).
  [[nodiscard]] row_list with(const row_list& newer) const {
    row_list all;
    std::size_t n = 0;
    for (std::size_t o = 0; o < size(); ++o) {
      for (; n < newer.size() && newer.items_[n] < items_[o]; ++n) all.add(newer, n);
      if (n == newer.size() || newer.items_[n] != items_[o]) all.add(*this, o);
    }
    for (; n < newer.size(); ++n) all.add(newer, n);
    return all;
  }

  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] const std::vector<index>& items() const noexcept { return items_; }  ///< ascending
  [[nodiscard]] bool contains(index item) const noexcept {
    return std::ranges::binary_search(items_, item);
  }

  [[nodiscard]] kernel::item_rows<Scalar> kernel_rows(std::size_t factors) const noexcept {
    kernel::item_rows<Scalar> all;
    all.biases = biases_.data();
    all.count = size();
    all.factors = factors;
    all.scattered = rows_.data();
    all.names = items_.data();
    return all;
  }

 private:
  void add(const row_list& from, std::size_t n) {
    add(from.items_[n], from.rows_[n], from.biases_[n]);
  }
  void add(index item, const Scalar* row, Scalar bias) {
    items_.push_back(item);
    rows_.push_back(row);
    biases_.push_back(bias);
  }

  std::vector<index> items_;
  std::vector<const Scalar*> rows_;
  std::vector<Scalar> biases_;
};

/// The items whose rows are newer than the base, or that it has not: most of them gathered, so that
/// they are searched as the base is, and a list of the rows that are newer still. Copies share it.
template <class Scalar>
class refreshed_items {
 public:
  /// None, of a model that does not solve rows.
  refreshed_items() = default;

  /// Gathers these.
  refreshed_items(const row_list<Scalar>& rows, std::size_t factors, item_storage storage)
      : gathered_(std::make_shared<const gathered>(rows, factors, storage)), size_(rows.size()) {}

  /// Puts rows of as many factors in place of older ones, or beside them. O(those that are not
  /// gathered + rows).
  void add(const row_list<Scalar>& rows) {
    newest_ = std::make_shared<const row_list<Scalar>>(newest_->with(rows));
    size_ = gathered_->items.size() +
            static_cast<std::size_t>(std::ranges::count_if(newest_->items(), [&](index item) {
              return !std::ranges::binary_search(gathered_->items, item);
            }));
  }

  /// Whether it is time to gather them all: their list is read as it is by every request.
  [[nodiscard]] bool is_scattered() const noexcept {
    return newest_->size() > std::max<std::size_t>(64, gathered_->items.size() / 16);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// As item_scan.
  template <class Accept>
  void select(std::span<const Scalar* const> users, const Accept& accept,
              std::span<top_k_selector> best) const {
    const gathered& some = *gathered_;
    if (newest_->size() != 0)
      kernel::select_top_k_batch(newest_->kernel_rows(some.factors), users, accept, best);
    if (!some.items.empty())
      some.scan.select(
          some.kernel_rows(), users,
          [&](std::size_t u, index item) { return !newest_->contains(item) && accept(u, item); },
          best);
  }

 private:
  struct gathered {
    gathered() = default;
    gathered(const row_list<Scalar>& list, std::size_t width, item_storage storage)
        : items(list.items()), factors(width) {
      const auto from = list.kernel_rows(width);
      biases.assign(from.biases, from.biases + from.count);
      rows.reserve(from.count * width);
      for (std::size_t n = 0; n < from.count; ++n)
        rows.insert(rows.end(), from.row(n), from.row(n) + width);
      if (from.count != 0) scan = item_scan(kernel_rows(), storage);
    }

    [[nodiscard]] kernel::item_rows<Scalar> kernel_rows() const noexcept {
      return {rows.data(), biases.data(), items.size(), factors, nullptr, 0, nullptr, items.data()};
    }

    std::vector<index> items;  ///< ascending
    std::size_t factors = 0;
    std::vector<Scalar> rows;
    std::vector<Scalar> biases;
    item_scan scan;
  };

  std::shared_ptr<const gathered> gathered_ = std::make_shared<const gathered>();
  std::shared_ptr<const row_list<Scalar>> newest_ = std::make_shared<const row_list<Scalar>>();
  std::size_t size_ = 0;
};

}  // namespace kindred::detail::live
