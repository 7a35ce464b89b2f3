#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/serve/item_storage.hpp>
#include <kindred/train/fit_options.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>

namespace kindred {

/// Options of `live_recommender`. Functions are called without any lock held, but on the thread
/// whose work they are about, which waits for them.
struct live_options {
  /// What requests read of the items, as in `recommender`; each new base makes its copy anew.
  item_storage storage = item_storage::int8;
  /// How long `run` waits before it asks a feed again that had nothing new, > 0.
  std::chrono::milliseconds poll_interval{50};
  /// The least time between two snapshots of `run`, > 0; what comes meanwhile comes in one.
  std::chrono::milliseconds publish_interval{50};
  /// The least time between two updates by `run` of a model that takes new ratings in by `update`.
  std::chrono::milliseconds update_interval{1000};
  /// Pushed ratings that may wait; more make `push` wait, >= 1.
  std::size_t queue_capacity = 65'536;

  /// Ratings outside [least_rating, greatest_rating] are rejected.
  float least_rating = std::numeric_limits<float>::lowest();
  float greatest_rating = std::numeric_limits<float>::max();

  /// An item is solved for anew when this share of its ratings is newer than its row, in (0, 1].
  double item_growth = 0.1;
  /// What has changed is merged into a new base, in the background, when the ratings or the items
  /// that changed are more than this share of those in the base, > 0, and more than compact_least.
  double compact_share = 0.1;
  std::size_t compact_least = 1000;
  /// The model is fitted anew, in the background, when the new ratings are this share of those that
  /// it was fitted on; >= 0, and 0 for never. A model that can do nothing but fit is also fitted
  /// anew where others would be compacted.
  double refit_share = 0;
  /// The same when the error of the predictions just before ratings came has grown by this share,
  /// over some thousand ratings; >= 0, and 0 for never.
  double refit_drift = 0;
  /// Threads of the background work; 0 for all.
  int background_threads = 1;
  /// How to fit anew. Its stop token is not used.
  fit_options fit{};

  /// Told of each rating that is left out.
  std::function<void(const rejected_row&)> on_rejected{};
  /// Told of what background work threw; the snapshot stays what it was.
  std::function<void(const std::exception_ptr&)> on_background_error{};
  /// Told of what a feed threw, and answers whether to ask it again after `poll_interval`. Without
  /// it, `run` ends with the exception.
  std::function<bool(const std::exception_ptr&)> on_feed_error{};
};

/// Throws option_error for the first option outside its range.
inline void check_options(const live_options& o) {
  const auto require_interval = [](std::chrono::milliseconds interval, const char* name) {
    require_option(interval.count() > 0, name, interval.count(), "[1, oo) ms");
  };
  require_interval(o.poll_interval, "poll_interval");
  require_interval(o.publish_interval, "publish_interval");
  require_interval(o.update_interval, "update_interval");
  require_option(o.queue_capacity >= 1, "queue_capacity", o.queue_capacity, "[1, oo)");
  require_option(o.least_rating <= o.greatest_rating, "least_rating", o.least_rating,
                 "(-oo, greatest_rating]");
  require_option(std::isfinite(o.greatest_rating), "greatest_rating", o.greatest_rating,
                 "[least_rating, oo)");
  require_option(std::isfinite(o.least_rating), "least_rating", o.least_rating,
                 "(-oo, greatest_rating]");
  require_option(o.item_growth > 0 && o.item_growth <= 1, "item_growth", o.item_growth, "(0, 1]");
  require_option(o.compact_share > 0, "compact_share", o.compact_share, "(0, oo)");
  require_option(o.refit_share >= 0, "refit_share", o.refit_share, "[0, oo)");
  require_option(o.refit_drift >= 0, "refit_drift", o.refit_drift, "[0, oo)");
  require_option(o.background_threads >= 0 && o.background_threads <= 1024, "background_threads",
                 o.background_threads, "[0, 1024]");
}

}  // namespace kindred
