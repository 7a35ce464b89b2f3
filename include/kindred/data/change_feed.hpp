#pragma once

#include <kindred/data/rating_source.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace kindred {

/// Anything that new and changed ratings can be asked of again and again: a table that grows, a
/// log.
/// - `poll` clears the batch and fills it with some of the changes that came since the last call,
///   oldest first, or leaves it empty if there are none; it does not wait for any.
/// - `position` says in a text where the next `poll` goes on, and `seek` goes there, also in
/// another
///   process: what is between two positions is handed out once. `seek` throws format_error for a
///   text that is no position of such a feed, and stays where it was.
template <class Feed>
concept change_feed = requires(Feed& feed, const Feed& same, rating_batch& batch,
                               std::string_view position) {
  feed.poll(batch);
  { same.position() } -> std::same_as<std::string>;
  feed.seek(position);
};

}  // namespace kindred
