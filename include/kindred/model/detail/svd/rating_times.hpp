#pragma once

#include <kindred/core/types.hpp>

#include <cstddef>
#include <vector>

namespace kindred::detail {

/// What the time of each training rating comes to; see time_svdpp.
struct rating_times {
  std::vector<float> drift{};  ///< dev_u(t): how far the user has come from the middle of its time
  std::vector<index> day{};    ///< which of the days of users, which are numbered user by user
  std::vector<index> bin{};    ///< which part of the time of all ratings
  // What a rating pays for the square of the bias of its day, and of its item in its part.
  std::vector<float> day_penalty{};
  std::vector<float> bin_penalty{};
  double drift_penalty = 0;  ///< for those of what moves with the drift
  std::size_t days = 0;
  std::size_t bins = 0;
};

}  // namespace kindred::detail
