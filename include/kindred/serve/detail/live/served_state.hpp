#pragma once

#include <kindred/core/persistent_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/serve/detail/live/refreshed_items.hpp>
#include <kindred/serve/recommender.hpp>

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
  refreshed_items<scalar> refreshed;        ///< what is in item_rows
  persistent_array<index> popularity;       ///< ratings of each item
  std::uint64_t version = 0;

  [[nodiscard]] const Model& model() const noexcept { return base->model(); }

  /// Gathers what is in item_rows. O(of it, and what the array takes).
  void gather_refreshed() requires row_solving_model<Model> {
    row_list<scalar> all;
    item_rows.for_each_run([&](std::size_t first, const auto& run) {
      for (std::size_t n = 0; n < run.size(); ++n)
        if (run[n] != nullptr) all.add(static_cast<index>(first + n), *run[n]);
    });
    refreshed = {all, model().latent().factors, base->storage()};
  }

  /// The same, where these items, ascending, are all that has been set in item_rows since.
  /// O(of them), and now and then of all.
  void gather_refreshed(std::span<const index> fresh) requires row_solving_model<Model> {
    row_list<scalar> rows;
    for (const index item : fresh) rows.add(item, *newer_row(item));
    refreshed.add(rows);
    if (refreshed.is_scattered()) gather_refreshed();
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
