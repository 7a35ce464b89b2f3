#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_retry.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <type_traits>

namespace kindred::detail {

/// Throws option_error.
inline void check_retry(const sql_retry& retry) {
  require_option(retry.attempts >= 0, "attempts", retry.attempts, "[0, 2147483647]");
  require_option(retry.first_delay.count() > 0, "first_delay", retry.first_delay.count(),
                 "[1, ...) milliseconds");
  require_option(retry.greatest_delay >= retry.first_delay, "greatest_delay",
                 retry.greatest_delay.count(), "[first_delay, ...) milliseconds");
}

/// Sleeps; false, and at once, if `stop` is asked for.
inline bool sleep_unless(const std::stop_token& stop, std::chrono::milliseconds delay) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, delay, [] { return false; });
  return !stop.stop_requested();
}

/// What `work` returns. Where it finds the connection lost, this is made anew and the work begun
/// again; its statements are to be prepared again, too.
/// Throws what the work throws, database_error if the last attempt fails as well, `cancelled`.
template <class Work>
std::invoke_result_t<const Work&> with_reconnects(sql_connection& connection,
                                                  const sql_retry& retry, const Work& work) {
  auto delay = retry.first_delay;
  for (int attempt = 0;; ++attempt) {
    try {
      if (attempt > 0) connection.reconnect();
      return work();
    } catch (const database_error& e) {
      if (!e.is_connection_lost() || attempt == retry.attempts) throw;
    }
    if (attempt == 0) continue;
    if (!sleep_unless(retry.stop, delay))
      throw cancelled("connecting to " + std::string(connection.name()));
    delay = std::min(2 * delay, retry.greatest_delay);
  }
}

}  // namespace kindred::detail
