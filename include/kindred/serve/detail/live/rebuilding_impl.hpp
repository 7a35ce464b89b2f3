#pragma once

#include <kindred/serve/live_recommender.hpp>

#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

// How a live_recommender gets a new base: by compaction, by a fit, and from a file.

namespace kindred {

template <ranking_model Model>
detail::live::frozen_state<Model> live_recommender<Model>::freeze() {
  publish_if_stale();
  return updater_.freeze();
}

template <ranking_model Model>
void live_recommender<Model>::compact_now(const std::stop_token& stop) {
  const std::lock_guard rebuilding(rebuilding_);
  std::unique_lock lock(mutex_);
  const auto frozen = freeze();
  last_compaction_ = std::chrono::steady_clock::now();
  lock.unlock();
  auto base = detail::live::compacted(frozen, {.stop = stop});
  lock.lock();
  take_compacted(std::move(base), frozen);
}

template <ranking_model Model>
void live_recommender<Model>::take_compacted(detail::live::new_base<Model> base,
                                             const detail::live::frozen_state<Model>& frozen) {
  updater_.rebase(std::move(base), frozen);
  publish();
  meter_.change([](live_metrics& m) { ++m.compactions; });
}

template <ranking_model Model>
void live_recommender<Model>::refit_now(const std::stop_token& stop) {
  const std::lock_guard rebuilding(rebuilding_);
  std::unique_lock lock(mutex_);
  auto frozen = freeze();
  lock.unlock();
  fit_options how = options_.fit;
  how.stop = stop;
  auto base = detail::live::refitted(frozen, how);
  lock.lock();
  // What came meanwhile goes in before readers see the fit: most of it while more arrives, and only
  // the rest while that waits.
  constexpr std::size_t few = 1000;
  constexpr int rounds = 4;
  if constexpr (row_solving_model<Model>)
    for (int n = 0; n < rounds && updater_.log().pending_after(frozen.layers.size()) > few; ++n) {
      auto later = freeze();
      lock.unlock();
      base = detail::live::caught_up(std::move(base), frozen, later, options_.item_growth);
      frozen = std::move(later);
      lock.lock();
    }
  updater_.replace(std::move(base), frozen);
  publish();
  meter_.change([](live_metrics& m) { ++m.refits; });
}

template <ranking_model Model>
void live_recommender<Model>::compact() requires detail::live::compactable_model<Model> {
  compact_now({});
}

/// Whether there was anything to do.
template <ranking_model Model>
bool live_recommender<Model>::do_due_work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool refit = refit_wanted_.exchange(false) || refit_due();
  const bool compact = !refit && compaction_due();
  lock.unlock();
  if (refit) refit_now(stop);
  if constexpr (compactable)
    if (compact) compact_now(stop);
  return refit || compact;
}

template <ranking_model Model>
void live_recommender<Model>::work(const std::stop_token& stop) {
  const auto work_on = [&] {
    while (!stop.stop_requested() && do_due_work(stop)) {
    }
  };
  const auto failure = detail::live::attempt([&] {
    if (options_.background_threads == 0) return work_on();
    tbb::task_arena(options_.background_threads).execute(work_on);
  });
  if (failure != nullptr && !stop.stop_requested()) note_failure(failure);
}

template <ranking_model Model>
void live_recommender<Model>::start_due_work() {
  std::unique_lock lock(mutex_);
  const bool due = refit_due() || compaction_due();
  lock.unlock();
  if (!due) return;
  const auto failure = detail::live::attempt([&] { worker_.start(); });
  if (failure != nullptr) note_failure(failure);
}

template <ranking_model Model>
void live_recommender<Model>::note_failure(const std::exception_ptr& failure) {
  constexpr std::chrono::seconds pause{10};  // before it is tried again without being asked for
  {
    const std::lock_guard lock(mutex_);
    rest_until_ = std::chrono::steady_clock::now() + pause;
  }
  meter_.failed(detail::live::message_of(failure));
  if (!options_.on_background_error) return;
  const auto again = detail::live::attempt([&] { options_.on_background_error(failure); });
  if (again != nullptr) meter_.failed(detail::live::message_of(again));
}

/// Whether so much has changed that a new base is worth its cost.
template <ranking_model Model>
bool live_recommender<Model>::base_is_old() const {
  const auto exceeds = [&](std::size_t changed, std::size_t all) {
    return changed > options_.compact_least &&
           static_cast<double>(changed) > options_.compact_share * static_cast<double>(all);
  };
  const auto& state = updater_.state();
  return exceeds(updater_.log().pending(), updater_.log().base().size()) ||
         exceeds(state.refreshed.size(), static_cast<std::size_t>(state.items.size()));
}

template <ranking_model Model>
bool live_recommender<Model>::refit_due() const {
  const auto now = std::chrono::steady_clock::now();
  if (now < rest_until_) return false;
  const auto& progress = updater_.progress();
  const auto share = static_cast<double>(progress.since_fit) /
                     static_cast<double>(std::max<std::size_t>(progress.fitted, 1));
  return (options_.refit_share > 0 && share >= options_.refit_share) ||
         (options_.refit_drift > 0 && updater_.errors().drift() >= options_.refit_drift) ||
         (!compactable && base_is_old());
}

template <ranking_model Model>
bool live_recommender<Model>::compaction_due() const {
  const auto now = std::chrono::steady_clock::now();
  if (!compactable || now < rest_until_) return false;
  if (row_solving_model<Model>) return base_is_old();
  return updater_.log().pending() > 0 && now >= last_compaction_ + options_.update_interval;
}

template <ranking_model Model>
void live_recommender<Model>::save(const std::string& path) {
  // If a base is in the making, the one made here is for the file alone.
  const std::unique_lock rebuilding(rebuilding_, std::try_to_lock);
  std::unique_lock feed_lock(feed_mutex_);
  std::unique_lock lock(mutex_);
  const auto frozen = freeze();
  lock.unlock();
  const std::string position = current_position();
  feed_lock.unlock();
  tensor_writer out(kind);
  out.set("position", position);
  if constexpr (compactable) {
    auto base = detail::live::compacted(frozen, {});
    detail::live::write_base(out, base);
    out.save(path);
    if (!rebuilding.owns_lock()) return;
    lock.lock();
    take_compacted(std::move(base), frozen);
  } else {
    detail::live::write_base(
        out, detail::live::new_base<Model>{frozen.state.base, frozen.ratings, frozen.progress});
    out.add("all_users", frozen.state.users);
    out.add("all_items", frozen.state.items);
    detail::live::write_changes(out, detail::live::changes_of(frozen.layers));
    out.save(path);
  }
}

template <ranking_model Model>
live_recommender<Model> live_recommender<Model>::load(const std::string& path, live_options options,
                                                      const load_model_options& file_options) {
  const tensor_reader in(path, file_options);
  in.check_kind(kind);
  return in.checked([&] { return live_recommender(in, std::move(options)); });
}

template <ranking_model Model>
live_recommender<Model>::live_recommender(const tensor_reader& in, live_options options)
    : live_recommender(detail::live::read_base<Model>(in, options.storage), std::move(options)) {
  position_ = in.get<std::string>("position");
  if constexpr (!compactable) {
    using detail::live::extended_ids;
    const id_map users = extended_ids(updater_.state().users, in.ids("all_users"));
    const id_map items = extended_ids(updater_.state().items, in.ids("all_items"));
    const auto progress = updater_.progress();
    updater_.follow(users, items, detail::live::read_changes(in, users.size(), items.size()));
    updater_.resume(progress);
    publish();
  }
}

}  // namespace kindred
