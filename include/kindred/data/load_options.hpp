#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/rating_columns.hpp>
#include <kindred/data/rating_source.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

namespace kindred {

/// What becomes of rows that cannot be read, or hold what a dataset may not.
enum class bad_row_policy {
  fail,  ///< the first one, in the order of the source, ends the loading
  skip   ///< they are left out and reported
};

/// What to make of a source of ratings.
struct load_options {
  duplicate_policy duplicates = duplicate_policy::last;
  bad_row_policy bad_rows = bad_row_policy::fail;
  std::size_t max_reported_rows = 100;  ///< of the rows left out, how many the report names

  index min_user_ratings = 0;  ///< as filter_min_counts() does; >= 0
  index min_item_ratings = 0;  ///< likewise
  index k_core = 0;            ///< as kindred::k_core() does, after the others; >= 0

  bool ignore_times = false;
  bool ignore_weights = false;

  /// Takes over the ids of a dataset at their indices; new ids come after them. A test file is read
  /// like this to have the indices of the training data. Filters then leave ratings out, not ids.
  std::optional<dataset> extend{};

  std::stop_token stop{};  ///< when asked, load() throws `cancelled` within a batch
};

/// What loading went through: rows_read = the ratings of the dataset + rows_rejected + duplicates +
/// rows_filtered.
struct load_report {
  std::uint64_t rows_read = 0;
  std::uint64_t rows_rejected = 0;
  std::uint64_t duplicates = 0;        ///< rows merged into another of the same user and item
  std::uint64_t rows_filtered = 0;     ///< ratings that the filters left out
  std::vector<rejected_row> rejected;  ///< the first of the rows that were left out
};

}  // namespace kindred
