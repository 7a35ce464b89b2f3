#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/loader.hpp>
#include <kindred/data/load_options.hpp>
#include <kindred/data/rating_source.hpp>

#include <string>

namespace kindred {

/// Reads a source to its end. See load_options for what is done with duplicates and bad rows.
/// O(ratings + users + items); the same bits on any number of threads. Memory at its peak is that
/// of make_dataset() and one batch.
///
/// Throws format_error for the first bad row under bad_row_policy::fail; data_error if no usable
/// rating is left, if there are more than 2^31 - 1, or if a user rates an item twice under
/// duplicate_policy::error; option_error if an option is out of range; `cancelled`; and what the
/// source throws.
template <rating_source Source>
[[nodiscard]] dataset load(Source&& source, const load_options& options, load_report& report) {
  detail::loader loader(std::string(std::string_view(source.name())), options, report);
  for (rating_batch batch; source.next(batch);) loader.add(batch);
  return loader.finish();
}

template <rating_source Source>
[[nodiscard]] dataset load(Source&& source, const load_options& options = {}) {
  load_report report;
  return load(source, options, report);
}

}  // namespace kindred
