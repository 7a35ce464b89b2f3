#pragma once

#include <kindred/serve/live_recommender.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

// How a live_recommender follows what arrives.

namespace kindred {

template <ranking_model Model>
live_counts live_recommender<Model>::apply(const rating_batch& batch) {
  std::unique_lock lock(mutex_);
  const auto outcome = take_in(batch, std::chrono::steady_clock::now());
  publish_if_stale();
  lock.unlock();
  report(outcome.rejected);
  if constexpr (compactable && !row_solving_model<Model>)
    if (outcome.counts.added + outcome.counts.changed > 0) compact();
  start_due_work();
  return outcome.counts;
}

template <ranking_model Model>
template <change_feed Feed>
void live_recommender<Model>::run(Feed& feed, const std::stop_token& stop) {
  if (running_.exchange(true)) throw data_error("live_recommender: run() is running already");
  queue_.open();
  const auto failure = detail::live::attempt([&] {
    if (const std::string from = position(); !from.empty()) feed.seek(from);
    {
      const std::lock_guard lock(feed_mutex_);
      ask_position_ = [&feed] { return feed.position(); };
    }
    follow(feed, stop);
  });
  queue_.close();
  const auto last = detail::live::attempt([&] {
    std::unique_lock feed_lock(feed_mutex_);
    if (const auto ask = std::exchange(ask_position_, nullptr)) position_ = ask();
    feed_lock.unlock();
    record_pushed();
    const std::lock_guard lock(mutex_);
    publish_if_stale();
  });
  running_ = false;
  if (failure != nullptr) std::rethrow_exception(failure);
  if (last != nullptr) std::rethrow_exception(last);
}

template <ranking_model Model>
template <class Feed>
void live_recommender<Model>::follow(Feed& feed, const std::stop_token& stop) {
  using clock = std::chrono::steady_clock;
  auto next_poll = clock::now();
  auto next_snapshot = next_poll;
  rating_batch batch;
  while (!stop.stop_requested()) {
    record_pushed();
    if (clock::now() >= next_poll && !record_polled(feed, batch))
      next_poll = clock::now() + options_.poll_interval;
    bool stale = is_stale();
    if (stale && clock::now() >= next_snapshot) {
      const std::lock_guard lock(mutex_);
      publish_if_stale();
      next_snapshot = clock::now() + options_.publish_interval;
      stale = false;
    }
    start_due_work();
    queue_.wait(stale ? std::min(next_poll, next_snapshot) : next_poll, !stale, stop);
  }
}

template <ranking_model Model>
void live_recommender<Model>::record_pushed() {
  const auto taken = queue_.take();
  if (taken.empty()) return;
  const std::int64_t now = detail::live::unix_now();
  rating_batch batch;
  for (const auto& [rating, arrived] : taken) {
    batch.users.texts.push_back(rating.user);
    batch.items.texts.push_back(rating.item);
    batch.values.push_back(rating.value);
    batch.weights.push_back(rating.weight);
    batch.times.push_back(rating.time.value_or(now));
  }
  std::unique_lock lock(mutex_);
  const auto outcome = take_in(batch, taken.front().arrived);
  lock.unlock();
  report(outcome.rejected);
}

/// Whether there was anything.
template <ranking_model Model>
template <class Feed>
bool live_recommender<Model>::record_polled(Feed& feed, rating_batch& batch) {
  std::unique_lock feed_lock(feed_mutex_);
  const auto failure = detail::live::attempt([&] { feed.poll(batch); });
  if (failure != nullptr) {
    feed_lock.unlock();
    if (!options_.on_feed_error || !options_.on_feed_error(failure))
      std::rethrow_exception(failure);
    return false;
  }
  if (batch.size() + batch.rejected.size() == 0) return false;
  auto ask = std::exchange(ask_position_, nullptr);  // not before all of the batch is in
  std::unique_lock lock(mutex_);
  const auto outcome = take_in(batch, std::chrono::steady_clock::now());
  lock.unlock();
  ask_position_ = std::move(ask);
  feed_lock.unlock();
  report(outcome.rejected);
  return true;
}

template <ranking_model Model>
detail::live::batch_outcome live_recommender<Model>::take_in(const rating_batch& batch,
                                                             detail::live::steady_time arrived) {
  auto outcome = detail::live::record_batch(updater_, batch, options_, detail::live::unix_now());
  if (outcome.counts.added + outcome.counts.changed > 0) lag_.see(arrived, outcome.earliest);
  meter_.change([&](live_metrics& m) {
    m.counts += outcome.counts;
    note_state(m);
  });
  return outcome;
}

template <ranking_model Model>
void live_recommender<Model>::publish() {
  using clock = std::chrono::steady_clock;
  const auto began = clock::now();
  if (updater_.stale()) updater_.refresh();
  const auto next = std::make_shared<const snapshot_type>(updater_.next_state());
  retired_.push_back(next);
  const auto made = clock::now();
  current_.set(next);
  const auto shown = clock::now();
  meter_.change([&](live_metrics& m) {
    ++m.snapshots;
    m.last_refresh = made - began;
    m.max_refresh = std::max(m.max_refresh, m.last_refresh);
    m.last_swap = shown - made;
    m.max_swap = std::max(m.max_swap, m.last_swap);
    lag_.note(m);
    note_state(m);
  });
  std::erase_if(retired_, [](const snapshot_ptr& old) { return old.use_count() == 1; });
}

template <ranking_model Model>
void live_recommender<Model>::note_state(live_metrics& m) const {
  const auto& state = updater_.state();
  m.users = static_cast<std::size_t>(state.users.size());
  m.items = static_cast<std::size_t>(state.items.size());
  m.ratings = updater_.log().size();
  m.pending = updater_.log().pending();
  m.refreshed = state.refreshed.size();
  m.stale_users = updater_.stale_users();
  m.error = updater_.errors().error();
  m.drift = updater_.errors().drift();
}

template <ranking_model Model>
void live_recommender<Model>::report(const std::vector<rejected_row>& rows) const {
  if (options_.on_rejected)
    for (const rejected_row& row : rows) options_.on_rejected(row);
}

template <ranking_model Model>
live_metrics live_recommender<Model>::metrics() const {
  live_metrics m = meter_.get();
  m.queued = queue_.size();
  m.working = worker_.busy();
  return m;
}

}  // namespace kindred
