#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/loader.hpp>
#include <kindred/data/load_options.hpp>
#include <kindred/data/rating_source.hpp>

#include <future>
#include <string>
#include <string_view>
#include <utility>

namespace kindred {

namespace detail {

template <rating_source Source>
void add_all(Source& source, loader& loader) {
  for (rating_batch batch; source.next(batch);) loader.add(batch);
}

/// Takes a batch in while another thread reads the next one.
template <any_thread_source Source>
void add_all(Source& source, loader& loader) {
  rating_batch batch;
  rating_batch ahead;
  bool has_batch = source.next(batch);
  while (has_batch) {
    // Texts are good until the source goes on; without a thread to be had it goes on afterwards,
    // too.
    const bool has_texts = !batch.users.texts.empty() || !batch.items.texts.empty();
    const auto when = std::launch::deferred | (has_texts ? std::launch{} : std::launch::async);
    auto next = std::async(when, [&] { return source.next(ahead); });
    loader.add(batch);
    has_batch = next.get();
    std::swap(batch, ahead);
  }
}

}  // namespace detail

/// Reads a source to its end. See load_options for what is done with duplicates and bad rows.
/// O(ratings + users + items); the same bits on any number of threads. Memory at its peak is that
/// of make_dataset() and one batch, or two of an any_thread_source, which is read by one thread
/// while another takes in what was read.
///
/// Throws format_error for the first bad row under bad_row_policy::fail; data_error if no usable
/// rating is left, if there are more than 2^31 - 1, or if a user rates an item twice under
/// duplicate_policy::error; option_error if an option is out of range; `cancelled`; and what the
/// source throws.
template <rating_source Source>
[[nodiscard]] dataset load(Source&& source, const load_options& options, load_report& report) {
  detail::loader loader(std::string(std::string_view(source.name())), options, report);
  detail::add_all(source, loader);
  return loader.finish();
}

template <rating_source Source>
[[nodiscard]] dataset load(Source&& source, const load_options& options = {}) {
  load_report report;
  return load(source, options, report);
}

}  // namespace kindred
