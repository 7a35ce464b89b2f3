#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/batch_faults.hpp>
#include <kindred/data/detail/erase_rows.hpp>
#include <kindred/data/filter.hpp>
#include <kindred/data/id_map_builder.hpp>
#include <kindred/data/load_options.hpp>
#include <kindred/data/rating_columns.hpp>
#include <kindred/data/rating_source.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The work of load(), batch by batch.
class loader {
 public:
  /// Both `options` and `report` must outlive the loader.
  loader(std::string name, const load_options& options, load_report& report)
      : name_(std::move(name)), options_(options), report_(report) {
    require_option(options.min_user_ratings >= 0, "min_user_ratings", options.min_user_ratings,
                   "[0, 2147483647]");
    require_option(options.min_item_ratings >= 0, "min_item_ratings", options.min_item_ratings,
                   "[0, 2147483647]");
    require_option(options.k_core >= 0, "k_core", options.k_core, "[0, 2147483647]");
    if (options.extend) {
      users_ = id_map_builder(options.extend->users());
      items_ = id_map_builder(options.extend->items());
    }
    report_ = {};
  }

  /// Takes what a batch holds, and leaves it without its bad rows.
  void add(rating_batch& batch) {
    if (options_.stop.stop_requested()) throw cancelled("loading " + name_);
    if (options_.ignore_times) batch.times.clear();
    if (options_.ignore_weights) batch.weights.clear();
    check_shape(batch);
    const std::uint64_t rows = batch.size() + batch.rejected.size();
    take_out_bad_rows(batch);
    report_.rows_read += rows;
    if (batch.size() > 0) append(batch);
  }

  [[nodiscard]] dataset finish() {
    if (columns_.size() == 0) throw data_error(name_ + ": no usable ratings" + rejections());
    const std::size_t rows = columns_.size();
    dataset data = build();
    report_.duplicates = rows - data.size();
    const std::size_t unfiltered = data.size();
    data = filter(std::move(data));
    report_.rows_filtered = unfiltered - data.size();
    if (data.empty()) throw data_error(name_ + ": the filters leave no ratings");
    return data;
  }

 private:
  void check_shape(const rating_batch& batch) {
    detail::check_shape(batch, name_);
    if (batch.size() == 0) return;
    const bool times = !batch.times.empty();
    const bool weights = !batch.weights.empty();
    if (columns_.size() > 0 && (times != with_times_ || weights != with_weights_))
      throw data_error(name_ + ": some batches have times or weights and some have not");
    with_times_ = times;
    with_weights_ = weights;
  }

  void take_out_bad_rows(rating_batch& batch) {
    std::vector<rejected_row> rejected;
    std::vector<std::size_t> bad;
    std::size_t next = 0;
    for (std::size_t r = 0; r < batch.size(); ++r) {
      auto fault = fault_of(batch, r);
      if (!fault) continue;
      fault->line = batch.lines.empty() ? report_.rows_read + r + 1 : batch.lines[r];
      while (next < batch.rejected.size() && batch.rejected[next].line <= fault->line)
        rejected.push_back(std::move(batch.rejected[next++]));
      rejected.push_back(*std::move(fault));
      bad.push_back(r);
    }
    while (next < batch.rejected.size()) rejected.push_back(std::move(batch.rejected[next++]));
    batch.rejected.clear();
    if (rejected.empty()) return;
    if (options_.bad_rows == bad_row_policy::fail) {
      const rejected_row& first = rejected.front();
      throw format_error(name_, first.line, first.column, first.value, first.reason);
    }
    report_.rows_rejected += rejected.size();
    for (rejected_row& row : rejected)
      if (report_.rejected.size() < options_.max_reported_rows)
        report_.rejected.push_back(std::move(row));
    erase_rows(batch, bad);
  }

  void append(const rating_batch& batch) {
    const std::size_t begin = columns_.size();
    require_rating_count(begin + batch.size());
    const auto intern = [&](const id_column& ids, id_map_builder& builder,
                            aligned_vector<index>& indices) {
      indices.resize(begin + ids.size());
      index* out = indices.data() + begin;
      for (const std::int64_t id : ids.integers) *out++ = builder.intern(id);
      for (const std::string_view id : ids.texts) *out++ = builder.intern(id);
    };
    parallel_for(2, 1, [&](std::size_t first, std::size_t last) {
      if (first == 0) intern(batch.users, users_, columns_.users);
      if (last == 2) intern(batch.items, items_, columns_.items);
    });
    const auto extend = [&](auto& column, const auto& more) {
      if (more.empty()) return;
      column.resize(begin + more.size());
      std::copy(more.begin(), more.end(), column.data() + begin);
    };
    extend(columns_.values, batch.values);
    extend(columns_.times, batch.times);
    extend(columns_.weights, batch.weights);
  }

  [[nodiscard]] std::string rejections() const {
    if (report_.rows_rejected == 0) return {};
    std::string text = "; rows left out: " + to_text(report_.rows_rejected);
    if (report_.rejected.empty()) return text;
    const rejected_row& first = report_.rejected.front();
    return text + ", the first at line " + to_text(first.line) + " because " + first.reason;
  }

  [[nodiscard]] dataset build() {
    try {
      return make_dataset(users_.finish(), items_.finish(), std::move(columns_),
                          options_.duplicates);
    } catch (const data_error& e) {
      throw data_error(name_ + ": " + e.what());
    }
  }

  [[nodiscard]] dataset filter(dataset data) const {
    const bool counts = options_.min_user_ratings > 0 || options_.min_item_ratings > 0;
    if (!counts && options_.k_core == 0) return data;
    if (counts)
      data = select_min_counts(data, {options_.min_user_ratings, options_.min_item_ratings});
    if (options_.k_core > 0) data = select_core(data, options_.k_core);
    return options_.extend ? data : drop_unrated(data);
  }

  std::string name_;
  const load_options& options_;
  load_report& report_;
  id_map_builder users_;
  id_map_builder items_;
  rating_columns columns_;
  bool with_times_ = false;
  bool with_weights_ = false;
};

}  // namespace kindred::detail
