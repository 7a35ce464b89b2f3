#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/detail/batch_faults.hpp>
#include <kindred/data/merge.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/serve/detail/live/updater.hpp>
#include <kindred/serve/live_options.hpp>
#include <kindred/serve/live_rating.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail::live {

/// What became of a batch.
struct batch_outcome {
  live_counts counts;
  std::vector<rejected_row> rejected;
  /// The earliest time that one of the ratings has of its own.
  std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
};

/// The id of a row as text, in memory of its own if it is an integer.
class row_id {
 public:
  [[nodiscard]] std::string_view of(const id_column& ids, std::size_t row) noexcept {
    if (!ids.texts.empty()) return ids.texts[row];
    const auto end = std::to_chars(digits_, digits_ + sizeof digits_, ids.integers[row]).ptr;
    return {digits_, static_cast<std::size_t>(end - digits_)};
  }

 private:
  char digits_[24];
};

/// Why a rating is not taken in, if it is not.
[[nodiscard]] inline std::optional<rejected_row> fault_of(const rating_batch& batch,
                                                          std::size_t row,
                                                          const live_options& options) {
  auto fault = detail::fault_of(batch, row);
  const float value = batch.values[row];
  if (!fault && (value < options.least_rating || value > options.greatest_rating))
    fault = rejected_row{0, 0, to_text(value), "the rating is out of range"};
  if (fault) fault->line = batch.lines.empty() ? row + 1 : batch.lines[row];
  return fault;
}

/// Takes a batch in. A rating without a time gets `now`, in Unix seconds.
/// Throws data_error if the columns differ in length.
template <class Model>
[[nodiscard]] batch_outcome record_batch(updater<Model>& to, const rating_batch& batch,
                                         const live_options& options, std::int64_t now) {
  check_shape(batch, "live_recommender");
  batch_outcome outcome;
  outcome.rejected = batch.rejected;
  row_id user;
  row_id item;
  for (std::size_t r = 0; r < batch.size(); ++r) {
    if (auto fault = live::fault_of(batch, r, options)) {
      outcome.rejected.push_back(*std::move(fault));
      continue;
    }
    rating_change rating{.value = batch.values[r], .time = now};
    if (!batch.weights.empty()) rating.weight = batch.weights[r];
    if (!batch.times.empty()) rating.time = batch.times[r];
    const arrival what = to.record(user.of(batch.users, r), item.of(batch.items, r), rating);
    outcome.counts.added += what == arrival::added ? 1 : 0;
    outcome.counts.changed += what == arrival::changed ? 1 : 0;
    outcome.counts.duplicates += what == arrival::duplicate ? 1 : 0;
    if (!batch.times.empty() && what != arrival::duplicate)
      outcome.earliest = std::min(outcome.earliest, rating.time);
  }
  outcome.counts.rejected = outcome.rejected.size();
  return outcome;
}

}  // namespace kindred::detail::live
