#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/split_marks.hpp>
#include <kindred/data/select.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kindred {

/// Two parts of one dataset: each of its ratings is in exactly one of them, and both have its ids,
/// so that indices mean the same in all three. `auto [train, test] = split_random(data);`
struct split {
  dataset train;
  dataset test;
};

/// How much to hold out.
struct split_options {
  double test_fraction = 0.2;  ///< in (0, 1)
  std::uint64_t seed = 42;
};

struct leave_one_out_options {
  std::uint64_t seed = 42;
};

struct k_fold_options {
  int folds = 5;  ///< >= 2, and at most the number of ratings
  std::uint64_t seed = 42;
};

namespace detail {

[[nodiscard]] inline split split_marked(const dataset& data, const split_marks& test) {
  return {select_marked(data, test, 0), select_marked(data, test, 1)};
}

}  // namespace detail

// Every split below is O(ratings + users + items), and depends on the data and the options alone,
// not on the number of threads. Those that take split_options throw option_error if the fraction is
// out of range.

/// Holds out ratings at random: exactly round(size * test_fraction) of them.
[[nodiscard]] inline split split_random(const dataset& data, const split_options& options = {}) {
  detail::require_test_fraction(options.test_fraction);
  const std::size_t count = detail::test_count(data.size(), options.test_fraction);
  return detail::split_marked(data, detail::mark_random(data.size(), 0, count, options.seed));
}

/// Holds out, of each user's n ratings, round(n * test_fraction) at random, but never all of them.
/// A user with few ratings may have none held out.
[[nodiscard]] inline split split_by_user(const dataset& data, const split_options& options = {}) {
  detail::require_test_fraction(options.test_fraction);
  const counter_rng rng(options.seed, detail::split_by_user_stream);
  return detail::split_marked(
      data, detail::mark_by_user(data, [&](index user, std::size_t rows, const auto& mark) {
        const std::size_t wanted = detail::test_count(rows, options.test_fraction);
        const std::size_t count = wanted < rows ? wanted : rows - 1;
        const random_permutation order(rows, rng.bits(static_cast<std::uint64_t>(user)));
        for (std::size_t k = 0; k < count; ++k) mark(static_cast<std::size_t>(order(k)));
      }));
}

/// Holds out all ratings of some users: round(n * test_fraction) of the n users that have any, at
/// random. It tells how a model treats users that it was not trained on.
[[nodiscard]] inline split split_users(const dataset& data, const split_options& options = {}) {
  detail::require_test_fraction(options.test_fraction);
  std::vector<index> rated;
  for (index u = 0; u < data.num_users(); ++u)
    if (!data.by_user(u).empty()) rated.push_back(u);
  const std::size_t count = detail::test_count(rated.size(), options.test_fraction);
  const auto chosen = detail::mark_random(rated.size(), 0, count, options.seed);
  std::vector<std::uint8_t> held_out(static_cast<std::size_t>(data.num_users()), 0);
  for (std::size_t k = 0; k < rated.size(); ++k)
    held_out[static_cast<std::size_t>(rated[k])] = chosen[k];
  return detail::split_marked(
      data, detail::mark_by_user(data, [&](index user, std::size_t rows, const auto& mark) {
        if (held_out[static_cast<std::size_t>(user)] == 0) return;
        for (std::size_t k = 0; k < rows; ++k) mark(k);
      }));
}

/// Holds out one rating of each user with at least two: the latest where there are times, else any;
/// at random among several. Users with one rating stay in the training part.
[[nodiscard]] inline split split_leave_one_out(const dataset& data,
                                               const leave_one_out_options& options = {}) {
  const counter_rng rng(options.seed, detail::leave_one_out_stream);
  return detail::split_marked(
      data, detail::mark_by_user(data, [&](index user, std::size_t rows, const auto& mark) {
        if (rows < 2) return;
        const auto draw = [&](std::size_t bound) {
          return static_cast<std::size_t>(
              rng.below(static_cast<std::uint64_t>(user), static_cast<std::uint32_t>(bound)));
        };
        mark(data.has_times() ? detail::latest(data.times_of(user), draw) : draw(rows));
      }));
}

/// Holds out the latest ratings of all: exactly round(size * test_fraction) of them, at random
/// among those of the second that is cut through. A user can have ratings in one part only. Throws
/// data_error if there are no times.
[[nodiscard]] inline split split_temporal(const dataset& data, const split_options& options = {}) {
  detail::require_test_fraction(options.test_fraction);
  detail::require_times(data, "split_temporal");
  const std::size_t count = detail::test_count(data.size(), options.test_fraction);
  return detail::split_marked(data, detail::mark_latest(data.row_times(), count, options.seed));
}

/// Holds out the ratings from `time` on, in Unix seconds. Throws data_error if there are no times.
[[nodiscard]] inline split split_at_time(const dataset& data, std::int64_t time) {
  detail::require_times(data, "split_at_time");
  const auto times = data.row_times();
  detail::split_marks test(data.size());
  parallel_for(data.size(), 1 << 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) test[row] = times[row] >= time ? 1 : 0;
  });
  return detail::split_marked(data, test);
}

/// Fold number `fold` of k_fold(), counted from 0, without the memory of the others.
[[nodiscard]] inline split split_fold(const dataset& data, int fold,
                                      const k_fold_options& options = {}) {
  require_option(options.folds >= 2, "folds", options.folds, "[2, 2147483647]");
  require_option(fold >= 0 && fold < options.folds, "fold", fold, "[0, folds)");
  const auto folds = static_cast<std::size_t>(options.folds);
  if (data.size() < folds)
    throw data_error("k_fold: " + detail::to_text(data.size()) + " ratings for " +
                     detail::to_text(folds) + " folds");
  const auto cut = [&](int k) { return static_cast<std::size_t>(k) * data.size() / folds; };
  return detail::split_marked(
      data, detail::mark_random(data.size(), cut(fold), cut(fold + 1), options.seed));
}

/// Cuts the ratings at random into `folds` test parts, whose sizes differ by at most one; each
/// comes with the rest as its training part. Holds about folds * size ratings; split_fold() makes
/// one at a time. Throws option_error for fewer than two folds, data_error for more folds than
/// ratings.
[[nodiscard]] inline std::vector<split> k_fold(const dataset& data,
                                               const k_fold_options& options = {}) {
  std::vector<split> folds;
  folds.push_back(split_fold(data, 0, options));
  for (int k = 1; k < options.folds; ++k) folds.push_back(split_fold(data, k, options));
  return folds;
}

}  // namespace kindred
