#pragma once

#include <chrono>
#include <stop_token>

namespace kindred {

/// What is done about a lost connection: it is made anew at once, and where that fails or does not
/// last, again after a delay that doubles from one attempt to the next.
struct sql_retry {
  int attempts = 12;  ///< to connect before the error is passed on; >= 0, 0 for none
  std::chrono::milliseconds first_delay{100};      ///< before the second attempt; > 0
  std::chrono::milliseconds greatest_delay{5000};  ///< >= first_delay
  std::stop_token stop{};  ///< when asked, waiting ends at once, by `cancelled`
};

}  // namespace kindred
