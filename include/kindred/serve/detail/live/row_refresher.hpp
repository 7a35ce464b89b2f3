#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/merge.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/serve/detail/live/rating_log.hpp>
#include <kindred/serve/detail/live/served_state.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail::live {

/// Notes what users have seen, for a model that does not solve rows.
template <class Model>
void refresh_seen(served_state<Model>& state, const rating_log& log, std::span<const index> users) {
  std::vector<rating_change> ratings;
  for (const index user : users) {
    log.ratings_of_user(user, ratings);
    auto fresh = std::make_shared<user_state<typename served_state<Model>::scalar>>();
    for (const rating_change& rating : ratings) fresh->seen.push_back(rating.item);
    state.user_states.set(static_cast<std::size_t>(user), std::move(fresh));
  }
}

/// Solves for rows of a state from all ratings. A row depends on the state and the ratings alone,
/// not on the threads that share the rows out. Where a rating is so odd that a row would not be
/// finite, it stays as it is.
template <row_solving_model Model>
class row_refresher {
 public:
  /// Both must outlive it.
  row_refresher(served_state<Model>& state, const rating_log& log) noexcept
      : state_(state), log_(log) {}

  /// What users have seen, and their rows, with the items fixed.
  void refresh_users(std::span<const index> users) {
    std::vector<std::shared_ptr<const user_state<scalar>>> fresh(users.size());
    parallel_for(users.size(), grain, [&](std::size_t first, std::size_t last) {
      auto solver = state_.model().user_solver();
      workspace work;
      for (std::size_t n = first; n < last; ++n) fresh[n] = user_of(users[n], solver, work);
    });
    for (std::size_t n = 0; n < users.size(); ++n)
      state_.user_states.set(static_cast<std::size_t>(users[n]), std::move(fresh[n]));
  }

  /// Rows of items, ascending, with the users fixed.
  void refresh_items(std::span<const index> items) {
    std::vector<std::shared_ptr<const latent_row<scalar>>> fresh(items.size());
    parallel_for(items.size(), grain, [&](std::size_t first, std::size_t last) {
      auto solver = state_.model().item_solver();
      workspace work;
      for (std::size_t n = first; n < last; ++n) fresh[n] = item_of(items[n], solver, work);
    });
    for (std::size_t n = 0; n < items.size(); ++n)
      state_.item_rows.set(static_cast<std::size_t>(items[n]), std::move(fresh[n]));
    state_.gather_refreshed(items);
  }

 private:
  using scalar = typename served_state<Model>::scalar;
  static constexpr std::size_t grain = 256;  ///< rows, some milliseconds, for another thread

  struct workspace {
    std::vector<rating_change> ratings;
    std::vector<rated_entry<scalar>> rated;
  };

  template <class Solver>
  [[nodiscard]] auto user_of(index user, Solver& solver, workspace& work) const {
    log_.ratings_of_user(user, work.ratings);
    auto fresh = std::make_shared<user_state<scalar>>();
    fresh->seen.reserve(work.ratings.size());
    work.rated.clear();
    for (const rating_change& r : work.ratings) {
      fresh->seen.push_back(r.item);
      work.rated.push_back({state_.item_entry(r.item), r.value, r.weight});
    }
    fresh->row = row_or(state_.user_entry(user), solver.solve(work.rated));
    return fresh;
  }

  template <class Solver>
  [[nodiscard]] auto item_of(index item, Solver& solver, workspace& work) const {
    log_.ratings_of_item(item, work.ratings);
    work.rated.clear();
    for (const rating_change& r : work.ratings)
      work.rated.push_back({state_.user_entry(r.user), r.value, r.weight});
    return std::make_shared<latent_row<scalar>>(
        row_or(state_.item_entry(item), solver.solve(work.rated)));
  }

  [[nodiscard]] static latent_row<scalar> row_or(const latent_entry<scalar>& old,
                                                 latent_row<scalar> solved) {
    if (solved.finite()) return solved;
    if (!old.known) return {std::vector<scalar>(solved.factors.size(), scalar{0}), 0};
    return {std::vector<scalar>(old.factors, old.factors + solved.factors.size()), old.bias};
  }

  served_state<Model>& state_;
  const rating_log& log_;
};

}  // namespace kindred::detail::live
