#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kindred::detail {

/// One for each row of a dataset: 1 if it is held out, else 0.
using split_marks = aligned_vector<std::uint8_t>;

inline constexpr std::uint64_t split_by_user_stream = 0x75736572;
inline constexpr std::uint64_t leave_one_out_stream = 0x6c6f6f;

inline void require_test_fraction(double fraction) {
  require_option(fraction > 0 && fraction < 1, "test_fraction", fraction, "(0, 1)");
}

inline void require_times(const dataset& data, const char* what) {
  if (!data.has_times()) throw data_error(std::string(what) + ": the ratings have no times");
}

[[nodiscard]] inline std::size_t test_count(std::size_t size, double fraction) noexcept {
  return static_cast<std::size_t>(std::llround(static_cast<double>(size) * fraction));
}

/// Marks the rows at the places begin .. end-1 of a random order.
[[nodiscard]] inline split_marks mark_random(std::size_t size, std::size_t begin, std::size_t end,
                                             std::uint64_t seed) {
  split_marks marks(size, 0);
  const random_permutation order(size, seed);
  parallel_for(end - begin, 1 << 12, [&](std::size_t first, std::size_t last) {
    for (std::size_t k = first; k < last; ++k)
      marks[static_cast<std::size_t>(order(begin + k))] = 1;
  });
  return marks;
}

/// Calls `choose(user, number of ratings, mark)` for each user who has any, in parallel; `mark(k)`
/// marks the user's k-th rating.
template <class Choose>
[[nodiscard]] split_marks mark_by_user(const dataset& data, const Choose& choose) {
  split_marks marks(data.size(), 0);
  const auto offsets = data.user_offsets();
  parallel_for(offsets.size() - 1, 64, [&](std::size_t first, std::size_t last) {
    for (std::size_t u = first; u < last; ++u) {
      const auto begin = static_cast<std::size_t>(offsets[u]);
      const std::size_t rows = static_cast<std::size_t>(offsets[u + 1]) - begin;
      if (rows > 0)
        choose(static_cast<index>(u), rows, [&](std::size_t k) { marks[begin + k] = 1; });
    }
  });
  return marks;
}

/// Where the latest time is; `draw(n)` chooses one of n if there are several.
template <class Draw>
[[nodiscard]] std::size_t latest(std::span<const std::int64_t> times, const Draw& draw) {
  const std::int64_t last = *std::max_element(times.begin(), times.end());
  const auto ties = static_cast<std::size_t>(std::count(times.begin(), times.end(), last));
  std::size_t before = draw(ties);
  std::size_t k = 0;
  while (times[k] != last || before-- > 0) ++k;
  return k;
}

/// Marks the `count` latest rows, at random among those of the second that is cut through.
[[nodiscard]] inline split_marks mark_latest(std::span<const std::int64_t> times, std::size_t count,
                                             std::uint64_t seed) {
  split_marks marks(times.size(), 0);
  if (count == 0) return marks;
  aligned_vector<std::int64_t> sorted(times.begin(), times.end());
  const auto nth = sorted.end() - static_cast<std::ptrdiff_t>(count);
  std::nth_element(sorted.begin(), nth, sorted.end());
  const std::int64_t cut = *nth;
  std::vector<std::size_t> ties;
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (times[row] == cut) ties.push_back(row);
    if (times[row] > cut) {
      marks[row] = 1;
      --count;
    }
  }
  const random_permutation order(ties.size(), seed);
  for (std::size_t k = 0; k < count; ++k) marks[ties[static_cast<std::size_t>(order(k))]] = 1;
  return marks;
}

}  // namespace kindred::detail
