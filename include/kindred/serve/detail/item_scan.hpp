#pragma once

#include <kindred/core/error.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/kernel/top_k_scores.hpp>
#include <kindred/serve/detail/index/bounds.hpp>
#include <kindred/serve/detail/index/index_body.hpp>
#include <kindred/serve/detail/index/ordered_items.hpp>
#include <kindred/serve/item_storage.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <span>

namespace kindred::detail {

/// Goes through the rows of items for a request: as they are or, where they are floats, by a
/// smaller copy (`item_storage`) with what may be among the best scored by the rows. The answers
/// are the same, to the bit. Copies of a scan share that copy.
class item_scan {
 public:
  item_scan() = default;

  /// Of all of these, none of them scattered. Where a row is beyond what the copy can hold there is
  /// none.
  template <class Scalar>
  item_scan(const kernel::item_rows<Scalar>& items, item_storage storage) {
    if constexpr (std::same_as<Scalar, float>)
      if (storage != item_storage::float32 && items.factors >= 1 && items.factors <= most_factors)
        copy(items, storage);
  }

  /// Selects for latent vectors of users what `accept(u, item)` lets pass, which is asked in any
  /// order. `items` are those that this was made of, or a subset. Allocates nothing for one user.
  template <class Scalar, class Accept>
  void select(const kernel::item_rows<Scalar>& items, std::span<const Scalar* const> users,
              const Accept& accept, std::span<top_k_selector> best) const {
    if constexpr (std::same_as<Scalar, float>)
      if (body_ != nullptr && items.subset == nullptr && can_search_for(users))
        return search(items, users, accept, best);
    kernel::select_top_k_batch(items, users, accept, best);
  }

 private:
  static constexpr std::size_t most_factors = 2048;  ///< so that a query fits the stack

  void copy(const kernel::item_rows<float>& items, item_storage storage) {
    const std::span rows(items.rows, items.count * items.factors);
    const std::span biases(items.biases, items.biases == nullptr ? 0 : items.count);
    try {
      body_ = std::make_shared<const index_body>(
          make_index_body(rows, items.factors, biases, storage, kernel::best_simd_level()));
    } catch (const data_error&) {  // the rows serve as they are
    }
  }

  [[nodiscard]] bool can_search_for(std::span<const float* const> users) const noexcept {
    return std::ranges::all_of(users, [&](const float* user) {
      return length_of({user, body_->factors()}) < longest_row;
    });
  }

  template <class Accept>
  void search(const kernel::item_rows<float>& items, std::span<const float* const> users,
              const Accept& accept, std::span<top_k_selector> best) const {
    if (users.size() != 1) return body_->search_many(items, users, accept, best);
    std::array<std::byte, most_factors * sizeof(float) + 256> room;
    std::pmr::monotonic_buffer_resource memory(room.data(), room.size(),
                                               std::pmr::null_memory_resource());
    query_block block(&memory);
    pending_items pending;
    body_->reserve_one(block);
    body_->search_one(items, users[0], block, pending, accept, best[0]);
  }

  std::shared_ptr<const index_body> body_;  ///< null if the rows are read as they are
};

}  // namespace kindred::detail
