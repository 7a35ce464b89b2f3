#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kindred {

/// The ids of one batch, as integers or as text, never both. Text that spells an integer and that
/// integer are the same id.
struct id_column {
  std::vector<std::int64_t> integers;
  std::vector<std::string_view> texts;  ///< valid until the source is asked for its next batch

  [[nodiscard]] std::size_t size() const noexcept { return integers.size() + texts.size(); }
  void clear() noexcept {
    integers.clear();
    texts.clear();
  }
};

/// A row that a source could not read: where it stands, what was found, and why it was refused.
struct rejected_row {
  std::uint64_t line = 0;    ///< line of a file or number of a record, from 1
  std::uint64_t column = 0;  ///< from 1; 0 if the row as a whole is wrong
  std::string value;
  std::string reason;
};

/// Ratings by columns, as a source hands them out. Optional columns are empty or as long as the
/// others.
struct rating_batch {
  id_column users;
  id_column items;
  std::vector<float> values;         ///< finite; 1 for a source without ratings (clicks, plays)
  std::vector<std::int64_t> times;   ///< Unix seconds; optional
  std::vector<float> weights;        ///< finite and > 0; optional
  std::vector<std::uint64_t> lines;  ///< where each row came from, as rejected_row::line
  std::vector<rejected_row> rejected;

  [[nodiscard]] std::size_t size() const noexcept { return values.size(); }
  void clear() noexcept {
    users.clear();
    items.clear();
    values.clear();
    times.clear();
    weights.clear();
    lines.clear();
    rejected.clear();
  }
};

/// Anything that ratings can be pulled from, batch by batch, in one pass: a file, a range in
/// memory, a query. `next` clears the batch and fills it, and returns false when nothing was left
/// to read. A source reports bad rows in `rejected`, in the order in which it met them, and goes
/// on; what becomes of them is the reader's choice.
template <class Source>
concept rating_source = requires(Source& source, rating_batch& batch) {
  { source.name() } -> std::convertible_to<std::string_view>;
  { source.next(batch) } -> std::same_as<bool>;
};

/// A source whose `next` may be called by another thread each time, though by one at a time; it
/// says so with a member `static constexpr bool any_thread = true`.
template <class Source>
concept any_thread_source = rating_source<Source> && std::remove_cvref_t<Source>::any_thread;

}  // namespace kindred
