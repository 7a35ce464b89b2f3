#pragma once

#include <kindred/core/published.hpp>
#include <kindred/data/change_feed.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/external_id.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/io/tensor_reader.hpp>
#include <kindred/io/tensor_writer.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/serve/detail/live/attempt.hpp>
#include <kindred/serve/detail/live/bases.hpp>
#include <kindred/serve/detail/live/live_file.hpp>
#include <kindred/serve/detail/live/meter.hpp>
#include <kindred/serve/detail/live/no_feed.hpp>
#include <kindred/serve/detail/live/rating_queue.hpp>
#include <kindred/serve/detail/live/record_batch.hpp>
#include <kindred/serve/detail/live/updater.hpp>
#include <kindred/serve/detail/live/worker.hpp>
#include <kindred/serve/live_metrics.hpp>
#include <kindred/serve/live_options.hpp>
#include <kindred/serve/live_rating.hpp>
#include <kindred/serve/live_snapshot.hpp>
#include <kindred/serve/recommendations.hpp>
#include <kindred/serve/recommender.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// Serves a model while ratings keep arriving:
///
///   kindred::live_recommender live{std::move(model), train};
///   std::jthread updates([&](std::stop_token stop) { live.run(feed, stop); });
///   live.push({.user = "42", .item = "7", .value = 5});   // from any thread
///   for (const auto& [item, score] : live.recommend("42", 10)) ...
///
/// Readers take an immutable snapshot without waiting for anyone; no lock is held while they score.
/// `run`, in a thread of the application, takes in what is pushed and what a `change_feed` has, and
/// publishes the next snapshot; `apply` does the same at once. Ratings are kept by user and item,
/// and the last one that arrives counts; one that arrives again changes nothing, and none is ever
/// taken back.
///
/// What becomes of new ratings depends on the model:
/// - One that solves rows (`row_solving_model`) is up to date in the next snapshot: a user with new
///   ratings gets the row that minimises the training objective for all of the user's ratings with
///   the items of that snapshot, new users too; a new item gets one with the users fixed, and so
///   does an item of whose ratings a share is new. O(ratings of what is touched x factors^2 +
///   factors^3) for each; nothing is copied that is not touched.
/// - One with `update` learns them by it: in `apply`, and behind `run` at intervals.
/// - Any other learns them when it is fitted anew.
/// Of all models a snapshot leaves out what a user has just rated, knows the new ids, and counts
/// the ratings in the popularity ranking. Background work merges what has changed into a new base,
/// and fits the model anew: see live_options.
///
/// The same calls of `apply` give the same bits on any number of threads, whenever the background
/// merges, unless it fits. All members but the destructor are safe from any thread.
template <ranking_model Model>
class live_recommender {
 public:
  using model_type = Model;
  using snapshot_type = live_snapshot<Model>;
  using snapshot_ptr = std::shared_ptr<const snapshot_type>;
  static constexpr std::string_view kind = "live_recommender";

  /// `train` is what the model was fitted on.
  /// Throws option_error, and what the constructor of `recommender` throws.
  live_recommender(Model model, const dataset& train, live_options options = {})
      : live_recommender(detail::live::fitted_base(std::move(model), train, options.storage),
                         std::move(options)) {}

  /// What `save` wrote, to go on from there.
  /// Throws io_error, or format_error if the file is damaged or holds something else.
  [[nodiscard]] static live_recommender load(const std::string& path, live_options options = {},
                                             const load_model_options& file_options = {});

  live_recommender(const live_recommender&) = delete;
  live_recommender& operator=(const live_recommender&) = delete;
  /// Stops background work. Nobody may be in a call any more, `run` included.
  ~live_recommender() = default;

  /// The latest state, for answers that must agree with each other. Wait-free.
  [[nodiscard]] snapshot_ptr snapshot() const noexcept { return current_.get(); }

  /// These ask the latest snapshot; see there.
  template <class Ids>
  requires external_id<Ids> || external_ids<Ids>
  [[nodiscard]] auto recommend(const Ids& users, std::size_t k,
                               const recommend_options& options = {}) const {
    return snapshot()->recommend(users, k, options);
  }
  template <class Ratings>
  requires row_solving_model<Model>
  [[nodiscard]] recommendations recommend_from(const Ratings& ratings, std::size_t k,
                                               const recommend_options& options = {}) const {
    return snapshot()->recommend_from(ratings, k, options);
  }
  [[nodiscard]] recommendations recommend_from(
      std::initializer_list<item_rating> ratings, std::size_t k,
      const recommend_options& options = {}) const requires row_solving_model<Model> {
    return snapshot()->recommend_from(ratings, k, options);
  }
  template <external_id User, class Items>
  requires rating_model<Model> &&(external_id<Items> || external_ids<Items>)
      [[nodiscard]] auto predict(const User& user, const Items& items) const {
    return snapshot()->predict(user, items);
  }
  template <external_id Id>
  requires latent_model<Model> || item_similarity_model<Model>
  [[nodiscard]] recommendations similar_items(const Id& item, std::size_t k) const {
    return snapshot()->similar_items(item, k);
  }
  template <external_id Id>
  requires latent_model<Model> || user_similarity_model<Model>
  [[nodiscard]] recommendations similar_users(const Id& user, std::size_t k) const {
    return snapshot()->similar_users(user, k);
  }

  /// Hands a rating to `run`. Waits while the queue is full; false if `run` was asked to stop, or
  /// `stop` was, before there was room. What it returned true for, `run` takes in before it ends.
  bool push(live_rating rating, const std::stop_token& stop = {}) {
    return queue_.push(std::move(rating), stop);
  }
  /// The same without waiting: false if there is no room.
  bool try_push(live_rating rating) { return queue_.try_push(std::move(rating)); }

  /// Takes ratings in and publishes them: whoever asks after it returns sees them.
  /// Throws data_error if the columns of the batch differ in length, or there are too many ratings
  /// or ids; then the rows before may be in, and will show in the next snapshot.
  live_counts apply(const rating_batch& batch);

  /// Takes in what is pushed, and publishes it, until asked to stop; then what is still there, and
  /// returns within an interval. Throws data_error if another call is running.
  void run(const std::stop_token& stop) {
    detail::live::no_feed none;
    run(none, stop);
  }
  /// The same with the changes of a feed, from the position on that was saved, if there is one.
  /// What the feed throws ends it, once all that came before is published, unless on_feed_error
  /// says otherwise.
  template <change_feed Feed>
  void run(Feed& feed, const std::stop_token& stop);

  /// Has the model fitted anew on all ratings, in the background; once more, if it is being fitted.
  void refit() {
    refit_wanted_ = true;
    worker_.start();
  }
  /// Merges all that has changed into a new base, now; readers see no difference. A model with
  /// `update` learns it. Waits for background work.
  void compact() requires detail::live::compactable_model<Model>;
  /// Returns when there is no background work any more.
  void wait() { worker_.wait(); }

  [[nodiscard]] live_metrics metrics() const;
  /// Where `run` has read its feed up to; empty before it has. Waits for a poll that is under way.
  [[nodiscard]] std::string position() const {
    const std::lock_guard lock(feed_mutex_);
    return current_position();
  }
  [[nodiscard]] const live_options& options() const noexcept { return options_; }

  /// Writes all to a file, as kindred::save does: the model, the ids, all ratings, and the position
  /// of the feed that belongs to them. What was pushed and not taken in is not in it. Neither
  /// readers nor `run` wait meanwhile; it waits itself for a poll of the feed that is under way.
  void save(const std::string& path);

 private:
  live_recommender(detail::live::new_base<Model> base, live_options options)
      : options_((check_options(options), std::move(options))),
        updater_(std::move(base), options_.item_growth),
        queue_(options_.queue_capacity) {
    publish();
  }

  live_recommender(const tensor_reader& in, live_options options);

  // Where a name says nothing else, whoever calls these holds the mutex.
  void publish();
  void publish_if_stale() {
    if (updater_.stale()) publish();
  }
  [[nodiscard]] bool is_stale() const {
    const std::lock_guard lock(mutex_);
    return updater_.stale();
  }
  void note_state(live_metrics& m) const;
  [[nodiscard]] std::string current_position() const {  // or the feed's
    return ask_position_ ? ask_position_() : position_;
  }
  detail::live::batch_outcome take_in(const rating_batch& batch, detail::live::steady_time arrived);
  [[nodiscard]] detail::live::frozen_state<Model> freeze();
  void take_compacted(detail::live::new_base<Model> base,
                      const detail::live::frozen_state<Model>& frozen);
  [[nodiscard]] bool base_is_old() const;
  [[nodiscard]] bool refit_due() const;
  [[nodiscard]] bool compaction_due() const;

  // These take it where they need it.
  template <class Feed>
  void follow(Feed& feed, const std::stop_token& stop);
  void record_pushed();
  template <class Feed>
  bool record_polled(Feed& feed, rating_batch& batch);
  void report(const std::vector<rejected_row>& rows) const;
  void start_due_work();
  void work(const std::stop_token& stop);
  bool do_due_work(const std::stop_token& stop);
  void compact_now(const std::stop_token& stop);
  void refit_now(const std::stop_token& stop);
  void note_failure(const std::exception_ptr& failure);

  static constexpr bool compactable = detail::live::compactable_model<Model>;

  live_options options_;
  mutable std::mutex mutex_;  ///< of what follows, up to the next comment; never held by readers
  detail::live::updater<Model> updater_;
  detail::live::lag_watch lag_;
  std::vector<snapshot_ptr> retired_;  ///< so that no reader has to free one
  detail::live::steady_time last_compaction_;
  detail::live::steady_time rest_until_;  ///< after background work failed
  // Of a mutex that is taken before the other, since a poll and what it brings belong together.
  mutable std::mutex feed_mutex_;
  std::string position_;                       ///< of the last run
  std::function<std::string()> ask_position_;  ///< of the feed that is followed, if there is one
  // Safe by themselves.
  published<snapshot_type> current_;
  detail::live::rating_queue queue_;
  detail::live::meter meter_;
  std::atomic<bool> running_{false};
  std::atomic<bool> refit_wanted_{false};
  std::mutex rebuilding_;  ///< held by whoever makes a new base
  detail::live::worker worker_{[this](const std::stop_token& stop) { work(stop); }};
};

}  // namespace kindred

#include <kindred/serve/detail/live/following_impl.hpp>
#include <kindred/serve/detail/live/rebuilding_impl.hpp>
