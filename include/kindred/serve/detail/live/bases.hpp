#pragma once

#include <kindred/data/dataset.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/serve/detail/live/updater.hpp>
#include <kindred/serve/recommender.hpp>
#include <kindred/train/fit_options.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace kindred::detail::live {

/// A model that takes in what is new in a dataset, with the result of a fit.
template <class Model>
concept updatable_model = requires(Model& model, const dataset& train, const fit_options& fit) {
  model.update(train, fit);
};

/// A model that has a use for what has changed without being fitted anew.
template <class Model>
concept compactable_model = row_solving_model<Model> || updatable_model<Model>;

template <ranking_model Model>
[[nodiscard]] new_base<Model> served_on(Model model, dataset ratings, fit_progress progress,
                                        item_storage storage) {
  auto served = std::make_shared<const recommender<Model>>(std::move(model), ratings, storage);
  return {std::move(served), std::move(ratings), std::move(progress)};
}

/// The base of a model that was fitted on all of the ratings.
template <ranking_model Model>
[[nodiscard]] new_base<Model> fitted_base(Model model, dataset ratings, item_storage storage) {
  const std::size_t count = ratings.size();
  return served_on(std::move(model), std::move(ratings), {.fitted = count}, storage);
}

/// A base that answers as the state does; a model that updates learns the ratings now.
/// O(model + ratings), or what an update costs.
template <compactable_model Model>
[[nodiscard]] new_base<Model> compacted(const frozen_state<Model>& frozen,
                                        const fit_options& options) {
  if (frozen.layers.empty()) return {frozen.state.base, frozen.ratings, frozen.progress};
  dataset ratings = frozen.merged();
  if constexpr (row_solving_model<Model>) {
    const auto user_row = [&](index user) {
      const auto* const state = frozen.state.newer(user);
      return state == nullptr ? nullptr : &state->row;
    };
    const auto item_row = [&](index item) { return frozen.state.newer_row(item); };
    return served_on(frozen.state.model().with_rows(ratings.num_users(), ratings.num_items(),
                                                    user_row, item_row),
                     ratings, frozen.progress, frozen.state.base->storage());
  } else {
    Model model = frozen.state.model();
    model.update(ratings, options);
    return fitted_base(std::move(model), std::move(ratings), frozen.state.base->storage());
  }
}

/// A base whose model was fitted on all ratings, from scratch.
template <ranking_model Model>
[[nodiscard]] new_base<Model> refitted(const frozen_state<Model>& frozen,
                                       const fit_options& options) {
  dataset ratings = frozen.merged();
  Model model = frozen.state.model();
  model.fit(ratings, options);
  return fitted_base(std::move(model), std::move(ratings), frozen.state.base->storage());
}

/// A base that also has what came between two frozen states, the first of which it stands for.
template <row_solving_model Model>
[[nodiscard]] new_base<Model> caught_up(new_base<Model> base, const frozen_state<Model>& from,
                                        const frozen_state<Model>& to, double item_growth) {
  const auto came_between = static_cast<std::ptrdiff_t>(from.layers.size());
  updater<Model> follower(std::move(base), item_growth);
  follower.follow(to.state.users, to.state.items,
                  changes_of({to.layers.begin() + came_between, to.layers.end()}));
  follower.refresh();
  return compacted(follower.freeze(), {});
}

}  // namespace kindred::detail::live
