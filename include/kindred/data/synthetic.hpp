#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/assemble.hpp>
#include <kindred/data/detail/hidden_model.hpp>
#include <kindred/data/detail/weighted_choice.hpp>
#include <kindred/data/id_map_builder.hpp>
#include <kindred/data/synthetic_options.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace kindred {

namespace detail {

[[nodiscard]] inline id_map ids_from_one(index count) {
  id_map_builder builder;
  for (std::int64_t id = 1; id <= count; ++id) builder.intern(id);
  return builder.finish();
}

/// Who rates what: fills the user offsets and the items of the rows.
inline void choose_pairs(const synthetic_options& options, aligned_vector<index>& offsets,
                         aligned_vector<index>& items) {
  const counter_rng seeds(options.seed, 0x72616e6b);
  const auto popularity =
      deal(power_law(options.num_items, options.popularity_exponent), seeds.bits(0));
  const auto counts =
      deal(share_out(options.num_ratings, power_law(options.num_users, options.activity_exponent),
                     static_cast<std::size_t>(options.num_items)),
           seeds.bits(1));
  offsets.assign(1, 0);
  for (const std::size_t count : counts)
    offsets.push_back(offsets.back() + static_cast<index>(count));

  items.resize(options.num_ratings);
  const item_chooser chooser(popularity, options.seed);
  parallel_for(counts.size(), 64, [&](std::size_t first, std::size_t last) {
    for (std::size_t u = first; u < last; ++u)
      chooser.choose(static_cast<std::uint32_t>(u),
                     std::span(items).subspan(static_cast<std::size_t>(offsets[u]), counts[u]));
  });
}

}  // namespace detail

/// Seeded ratings of a low-rank model, for tests and benchmarks; the ids are 1, 2, 3, ... The same
/// bits on any number of threads. Expected time O((ratings + users + items) * factors); memory at
/// its peak 28 bytes a rating, 8 more with times, and the hidden factors of the items.
/// Throws option_error if an option is out of range.
[[nodiscard]] inline dataset synthetic_ratings(const synthetic_options& options,
                                               synthetic_report& report) {
  detail::check_options(options);
  aligned_vector<index> offsets;
  aligned_vector<index> items;
  detail::choose_pairs(options, offsets, items);

  aligned_vector<float> values(items.size());
  aligned_vector<std::int64_t> times(options.with_times ? items.size() : 0);
  std::vector<double> squared_errors(offsets.size() - 1);
  const detail::hidden_model model(options);
  parallel_for(squared_errors.size(), 64, [&](std::size_t first, std::size_t last) {
    for (std::size_t u = first; u < last; ++u) {
      const auto user = static_cast<index>(u);
      const std::vector<float> hidden = model.user(user);
      const auto end = static_cast<std::size_t>(offsets[u + 1]);
      for (auto r = static_cast<std::size_t>(offsets[u]); r < end; ++r) {
        const double expected = model.expected(hidden, items[r]);
        values[r] = model.rating(expected, user, items[r]);
        const double error = double{values[r]} - model.cut(expected);
        squared_errors[u] += error * error;
        if (options.with_times) times[r] = model.time(user, items[r]);
      }
    }
  });
  double sum = 0;
  for (const double error : squared_errors) sum += error;
  report.noise_floor = std::sqrt(sum / static_cast<double>(items.size()));

  detail::dataset_storage rows;
  rows.users = detail::ids_from_one(options.num_users);
  rows.items = detail::ids_from_one(options.num_items);
  rows.user_offsets = std::move(offsets);
  rows.row_items = std::move(items);
  rows.row_values = std::move(values);
  rows.row_times = std::move(times);
  return detail::assemble(std::move(rows));
}

[[nodiscard]] inline dataset synthetic_ratings(const synthetic_options& options = {}) {
  synthetic_report report;
  return synthetic_ratings(options, report);
}

}  // namespace kindred
