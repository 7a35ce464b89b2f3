#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/merge.hpp>
#include <kindred/model/latent_row.hpp>
#include <kindred/serve/detail/live/error_watch.hpp>
#include <kindred/serve/detail/live/growing_ids.hpp>
#include <kindred/serve/detail/live/rating_log.hpp>
#include <kindred/serve/detail/live/row_refresher.hpp>
#include <kindred/serve/detail/live/served_state.hpp>
#include <kindred/serve/recommender.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kindred::detail::live {

/// How far the ratings have got ahead of a model.
struct fit_progress {
  std::size_t fitted = 0;                           ///< ratings that it was fitted on
  std::size_t since_fit = 0;                        ///< ratings that came after that
  std::unordered_map<index, index> item_changes{};  ///< of items: since the row was solved
};

/// A recommender and the ratings that it stands for.
template <class Model>
struct new_base {
  std::shared_ptr<const recommender<Model>> served;
  dataset ratings;
  fit_progress progress;
};

/// A state that does not change any more, and the ratings that it stands for.
template <class Model>
struct frozen_state {
  served_state<Model> state;
  dataset ratings;       ///< of the base of the state
  rating_layers layers;  ///< what came since
  fit_progress progress;

  /// All ratings as one dataset. O(ratings).
  [[nodiscard]] dataset merged() const {
    return merge(ratings, state.users.flat(), state.items.flat(), changes_of(layers));
  }
};

/// The ratings, and the state that follows them: takes ratings in, and brings up to date what they
/// touch. Not for several threads at once.
template <ranking_model Model>
class updater {
 public:
  using state_type = served_state<Model>;

  /// `item_growth` is that of live_options.
  updater(new_base<Model> base, double item_growth)
      : log_(std::move(base.ratings)),
        users_(base.served->users()),
        items_(base.served->items()),
        item_growth_(item_growth),
        progress_(std::move(base.progress)) {
    state_.base = std::move(base.served);
    if constexpr (row_solving_model<Model>) state_.gather_refreshed();
    const auto offsets = log_.base().item_offsets();
    std::vector<index> counts(offsets.size() - 1);
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = offsets[i + 1] - offsets[i];
    state_.popularity = persistent_array<index>(std::span<const index>(counts));
    state_.users = users_.publish();
    state_.items = items_.publish();
  }

  /// Takes a rating in. What it touches is out of date until `refresh`.
  arrival record(std::string_view user, std::string_view item, rating_change rating) {
    rating.user = users_.intern(user);
    rating.item = items_.intern(item);
    return record(rating);
  }

  /// Takes changes in that another updater, which has these ids, took in before.
  void follow(const id_map& users, const id_map& items, const std::vector<rating_change>& changes) {
    users_ = growing_ids(users);
    items_ = growing_ids(items);
    for (const rating_change& rating : changes) record(rating);
  }
  void resume(fit_progress progress) { progress_ = std::move(progress); }

  /// Whether there are ratings that the state does not show.
  [[nodiscard]] bool stale() const noexcept { return !users_touched_.empty(); }

  /// Brings the state up to date: first the rows of items that have come or grown, then those of
  /// users with new ratings. O(what these have been rated x factors^2).
  void refresh() {
    state_.users = users_.publish();
    state_.items = items_.publish();
    const auto users = sorted(users_touched_);
    if constexpr (row_solving_model<Model>) {
      row_refresher<Model> rows(state_, log_);
      if (const auto items = take_items_due(); !items.empty()) {
        rows.refresh_users(newcomers(users));  // or their ratings would say nothing of the items
        rows.refresh_items(items);
      }
      rows.refresh_users(users);
    } else {
      refresh_seen(state_, log_, users);
    }
    users_touched_.clear();
    items_touched_.clear();
  }

  /// The state, as the next version.
  [[nodiscard]] state_type next_state() {
    ++state_.version;
    return state_;
  }

  /// What there is at this moment, for a new base to be made of while ratings arrive.
  /// Precondition: the state is not stale.
  [[nodiscard]] frozen_state<Model> freeze() {
    return {state_, log_.base(), log_.freeze(), progress_};
  }

  /// Takes a base that stands for a frozen state and answers as it does. What has changed since
  /// stays as it is. O(what changed since the last base).
  void rebase(new_base<Model> base, const frozen_state<Model>& from) {
    state_.user_states = changed_since(from.state.user_states, state_.user_states);
    state_.item_rows = changed_since(from.state.item_rows, state_.item_rows);
    take(std::move(base), from);
  }

  /// Takes a base that was fitted anew on the ratings of a frozen state. All that came since is out
  /// of date until `refresh`.
  void replace(new_base<Model> base, const frozen_state<Model>& from) {
    state_.user_states = {};
    state_.item_rows = {};
    errors_ = {};
    progress_ = std::move(base.progress);
    take(std::move(base), from);
    for (const rating_change& rating : changes_of(log_.layers_after(0))) touch(rating);
  }

  [[nodiscard]] const rating_log& log() const noexcept { return log_; }
  [[nodiscard]] const state_type& state() const noexcept { return state_; }
  [[nodiscard]] const error_watch& errors() const noexcept { return errors_; }
  /// Users whose ratings the state does not show yet.
  [[nodiscard]] std::size_t stale_users() const noexcept { return users_touched_.size(); }
  [[nodiscard]] const fit_progress& progress() const noexcept { return progress_; }

 private:
  arrival record(const rating_change& rating) {
    const arrival what = log_.set(rating);
    if (what == arrival::duplicate) return what;
    if constexpr (rating_model<Model>) {
      const double error = static_cast<double>(rating.value) -
                           static_cast<double>(state_.predict(rating.user, rating.item));
      errors_.add(error * error);
    }
    const auto i = static_cast<std::size_t>(rating.item);
    if (what == arrival::added) state_.popularity.set(i, state_.popularity[i] + 1);
    touch(rating);
    return what;
  }

  void touch(const rating_change& rating) {
    ++progress_.since_fit;
    users_touched_.insert(rating.user);
    if constexpr (row_solving_model<Model>) {
      ++progress_.item_changes[rating.item];
      items_touched_.insert(rating.item);
    }
  }

  void take(new_base<Model> base, const frozen_state<Model>& from) {
    state_.base = std::move(base.served);
    if constexpr (row_solving_model<Model>) state_.gather_refreshed();
    log_.replace(std::move(base.ratings), from.layers.size());
    users_.flatten(state_.base->users());
    items_.flatten(state_.base->items());
  }

  [[nodiscard]] static std::vector<index> sorted(const std::unordered_set<index>& indices) {
    std::vector<index> list(indices.begin(), indices.end());
    std::sort(list.begin(), list.end());
    return list;
  }

  /// Items of whose ratings a large enough share is new since their rows were solved; their changes
  /// are counted from here on.
  [[nodiscard]] std::vector<index> take_items_due() {
    std::vector<index> due = sorted(items_touched_);
    std::erase_if(due, [&](index item) {
      const auto count = static_cast<double>(state_.popularity[static_cast<std::size_t>(item)]);
      return static_cast<double>(progress_.item_changes[item]) < item_growth_ * count;
    });
    for (const index item : due) progress_.item_changes.erase(item);
    return due;
  }

  /// Users of whom the state knows no ratings.
  [[nodiscard]] std::vector<index> newcomers(std::vector<index> users) const {
    std::erase_if(users, [&](index user) { return !state_.seen(user).empty(); });
    return users;
  }

  template <class T>
  [[nodiscard]] static overlay<T> changed_since(const overlay<T>& before, const overlay<T>& now) {
    overlay<T> changed;
    now.for_each_run([&](std::size_t first, const auto& run) {
      for (std::size_t n = 0; n < run.size(); ++n)
        if (run[n] != nullptr && run[n] != before[first + n]) changed.set(first + n, run[n]);
    });
    return changed;
  }

  state_type state_;
  rating_log log_;
  growing_ids users_;
  growing_ids items_;
  double item_growth_;
  std::unordered_set<index> users_touched_;
  std::unordered_set<index> items_touched_;
  fit_progress progress_;
  error_watch errors_;
};

}  // namespace kindred::detail::live
