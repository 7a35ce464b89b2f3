#pragma once

#include <kindred/core/persistent_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/serve/recommender.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail::live {

/// The scalars of a model, whatever it is.
template <class Model>
struct scalar_of {
  using type = float;
};
template <row_solving_model Model>
struct scalar_of<Model> {
  using type = typename Model::scalar_type;
};

/// What is newer of a user than the base.
template <class Scalar>
struct user_state {
  latent_row<Scalar> row;   ///< empty if the model does not solve rows
  std::vector<index> seen;  ///< all items that the user rated, ascending
};

/// The items whose rows are newer than the base, or that it has not, as the kernels want them. The
/// rows are kept elsewhere.
template <class Scalar>
class refreshed_items {
 public:
  /// Items come in ascending order.
  void add(index item, const latent_row<Scalar>& row) {
    items_.push_back(item);
    rows_.push_back(row.factors.data());
    biases_.push_back(row.bias);
  }

  /// These and `fresh`, ascending items, whose rows are row(item), newer ones in place of older.
  /// O(both).
  template <class Row>
  [[nodiscard]] refreshed_items with(std::span<const index> fresh, const Row& row) const {
    refreshed_items all;
    std::size_t next = 0;
    for (const index item : fresh) {
      const auto at = std::lower_bound(items_.begin() + offset(next), items_.end(), item);
      const auto end = static_cast<std::size_t>(at - items_.begin());
      all.add(*this, next, end);
      all.add(item, row(item));
      next = end + (at != items_.end() && *at == item ? 1 : 0);
    }
    all.add(*this, next, size());
    return all;
  }

  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  [[nodiscard]] const std::vector<index>& items() const noexcept { return items_; }  ///< ascending

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
  static std::ptrdiff_t offset(std::size_t i) noexcept { return static_cast<std::ptrdiff_t>(i); }

  void add(const refreshed_items& from, std::size_t first, std::size_t last) {
    const auto append = [&](auto& to, const auto& some) {
      to.insert(to.end(), some.begin() + offset(first), some.begin() + offset(last));
    };
    append(items_, from.items_);
    append(rows_, from.rows_);
    append(biases_, from.biases_);
  }

  std::vector<index> items_;
  std::vector<const Scalar*> rows_;
  std::vector<Scalar> biases_;
};

template <class T>
using overlay = persistent_array<std::shared_ptr<const T>>;

/// A recommender, the base, and what has changed since it was made. Copies share it all; the next
/// state costs what changes.
template <class Model>
struct served_state {
  using scalar = typename scalar_of<Model>::type;

  std::shared_ptr<const recommender<Model>> base;
  id_map users;
  id_map items;
  overlay<user_state<scalar>> user_states;  ///< null where the base has it all
  overlay<latent_row<scalar>> item_rows;    ///< likewise
  std::shared_ptr<const refreshed_items<scalar>> refreshed =
      std::make_shared<const refreshed_items<scalar>>();  ///< what is in item_rows
  persistent_array<index> popularity;                     ///< ratings of each item
  std::uint64_t version = 0;

  [[nodiscard]] const Model& model() const noexcept { return base->model(); }

  /// Lists what is in item_rows. O(of it, and what the array takes).
  void list_refreshed() {
    auto list = std::make_shared<refreshed_items<scalar>>();
    item_rows.for_each_run([&](std::size_t first, const auto& run) {
      for (std::size_t n = 0; n < run.size(); ++n)
        if (run[n] != nullptr) list->add(static_cast<index>(first + n), *run[n]);
    });
    refreshed = std::move(list);
  }

  /// The same, where these items, ascending, are all that has been set in item_rows since.
  void list_refreshed(std::span<const index> fresh) {
    refreshed = std::make_shared<const refreshed_items<scalar>>(refreshed->with(
        fresh, [&](index item) -> const latent_row<scalar>& { return *newer_row(item); }));
  }

  [[nodiscard]] const user_state<scalar>* newer(index user) const noexcept {
    return user < 0 ? nullptr : user_states[static_cast<std::size_t>(user)].get();
  }
  [[nodiscard]] const latent_row<scalar>* newer_row(index item) const noexcept {
    return item < 0 ? nullptr : item_rows[static_cast<std::size_t>(item)].get();
  }

  [[nodiscard]] std::span<const index> seen(index user) const noexcept {
    if (const auto* const state = newer(user)) return state->seen;
    return base->seen(user);
  }
  [[nodiscard]] latent_entry<scalar> user_entry(index user) const noexcept requires
      row_solving_model<Model> {
    const auto* const state = newer(user);
    return state != nullptr ? state->row.entry() : model().user_entry(user);
  }
  [[nodiscard]] latent_entry<scalar> item_entry(index item) const noexcept requires
      row_solving_model<Model> {
    const auto* const row = newer_row(item);
    return row != nullptr ? row->entry() : model().item_entry(item);
  }
  [[nodiscard]] float predict(index user, index item) const noexcept requires rating_model<Model> {
    if constexpr (row_solving_model<Model>)
      return model().predict(user_entry(user), item_entry(item));
    else
      return model().predict(user, item);
  }
};

}  // namespace kindred::detail::live
