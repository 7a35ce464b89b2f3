#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/serve/detail/recommendation_writer.hpp>
#include <kindred/serve/filter.hpp>
#include <kindred/serve/recommendation_table.hpp>
#include <kindred/serve/recommendations.hpp>
#include <kindred/source/detail/sql_reconnect.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_retry.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kindred {

/// What answers for many users at once: a `recommender`, an `any_recommender`.
template <class Recommender>
concept batch_recommender = requires(const Recommender& from,
                                     std::span<const std::string_view> users, std::size_t k,
                                     const recommend_options& filter) {
  { from.users() } -> std::convertible_to<const id_map&>;
  { from.recommend(users, k, filter) } -> std::same_as<std::vector<recommendations>>;
};

/// Which lists are stored, and how.
struct store_options {
  std::size_t k = 10;
  recommend_options filter{};
  /// Whose lists; everybody's if it is not set. Each user once.
  std::optional<std::vector<std::string>> users{};

  /// Numbers what is stored, each time higher than the last. A call with the number of one that did
  /// not come to its end goes on where that stopped, and is to have the same model, k and users.
  std::int64_t run = 1;
  std::size_t batch_users = 500;  ///< in one transaction; [1, 10000]
  sql_retry retry{};

  /// Called after each transaction: for how many users lists are stored, and how many there are.
  std::function<void(std::size_t done, std::size_t all)> observer{};
  std::stop_token stop{};  ///< when asked, `cancelled` is thrown; what is stored stays
};

struct store_report {
  std::size_t users = 0;          ///< whose lists are in the table now
  std::size_t stored_before = 0;  ///< of them, by an earlier call for this run
};

namespace detail {

/// The ids of `some`, or of all.
[[nodiscard]] inline std::vector<std::string_view> ids_of(
    const id_map& all, const std::optional<std::vector<std::string>>& some) {
  if (some) return {some->begin(), some->end()};
  std::vector<std::string_view> ids;
  ids.reserve(static_cast<std::size_t>(all.size()));
  for (index i = 0; i < all.size(); ++i) ids.push_back(all.id(i));
  return ids;
}

}  // namespace detail

/// Writes the best k items for all users, or some, into a table.
///
///   kindred::create_table(db, kindred::recommendation_table{});
///   kindred::store_recommendations(db, shop, {.k = 20, .run = 7});
///
/// A user's list is replaced as a whole: who reads the table at any time sees the old one or the
/// new one. When all are stored, the lists of users whom this run did not have are removed, unless
/// `users` named some. If the process or the database dies, a call with the same number of the run
/// goes on; a lost connection is made anew within the call, and nothing is stored twice.
///
/// Lists are made in parallel, `batch_users` at a time, and no more is held in memory. Throws
/// option_error, database_error, `cancelled`; data_error if a later run has begun on the table, or
/// another call works on the same one.
template <batch_recommender Recommender>
store_report store_recommendations(sql_connection& db, const Recommender& from,
                                   const store_options& options,
                                   const recommendation_table& into = {}) {
  constexpr std::size_t most_users = 10'000;
  require_option(options.batch_users >= 1 && options.batch_users <= most_users, "batch_users",
                 options.batch_users, "[1, 10000]");
  detail::check_retry(options.retry);
  sql_retry retry = options.retry;
  retry.stop = options.stop;
  const std::vector<std::string_view> users = detail::ids_of(from.users(), options.users);
  detail::recommendation_writer writer(db, into, options.run, users.size());

  const auto store_next = [&] {
    const std::size_t done = writer.begin();
    const std::span batch =
        std::span(users).subspan(done, std::min(options.batch_users, users.size() - done));
    if (!batch.empty()) writer.store(done, batch, from.recommend(batch, options.k, options.filter));
    return done + batch.size();
  };
  const store_report report{
      .users = users.size(),
      .stored_before = detail::with_reconnects(db, retry, [&] { return writer.begin(); })};
  for (std::size_t done = report.stored_before; done < users.size();) {
    if (options.stop.stop_requested()) throw cancelled("storing recommendations");
    done = detail::with_reconnects(db, retry, store_next);
    if (options.observer) options.observer(done, users.size());
  }
  if (!options.users) detail::with_reconnects(db, retry, [&] { writer.remove_older(); });
  return report;
}

}  // namespace kindred
