#pragma once

#include <kindred/data/rating_source.hpp>
#include <kindred/source/detail/row_fields.hpp>
#include <kindred/source/detail/row_reader.hpp>

#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

namespace kindred {

/// Ratings from any range of an application's own, read once from front to back. A row is
/// - a tuple, pair or array (user, item[, rating[, time[, weight]]]), or
/// - a struct with members `user` and `item`, and `rating` or `value`, `time` and `weight` if it
///   has them;
/// anything else is turned into one by a projection of each element, or by one projection a field:
///
///   std::vector<std::tuple<std::string, int, float>> rows = ...;
///   kindred::load(kindred::memory_source{rows});
///   kindred::load(kindred::memory_source{events, &event::who, &event::what, &event::stars});
///   kindred::load(kindred::memory_source{events, [](const event& e) {
///     return std::tuple(e.session.user, e.what, e.seconds / 60);
///   }});
///   kindred::load(kindred::memory_source{kindred::memory_columns{users, items, stars}});
///
/// Ids are integers or text, ratings and weights any numbers, and times whole Unix seconds or a
/// std::chrono::sys_time. Rows that csv_source would refuse, too (a number that is not finite, a
/// weight that is not positive, an empty id) are reported in `rating_batch::rejected`: by row from
/// 1, and by column as in the tuple.
///
/// An lvalue is referred to, and must outlive the source; an rvalue is taken in.
template <class Range, class Projection = std::identity>
class memory_source {
 public:
  explicit memory_source(Range&& rows, Projection projection = {})
      : rows_(std::forward<Range>(rows)),
        projection_(std::move(projection)),
        at_(std::begin(rows_)) {}

  template <class... Fields>
  requires(sizeof...(Fields) >= 2) explicit memory_source(Range&& rows, Fields... fields)
      : memory_source(std::forward<Range>(rows), Projection{{std::move(fields)...}}) {}

  memory_source(const memory_source&) = delete;  // the iterator may point into it
  memory_source& operator=(const memory_source&) = delete;
  ~memory_source() = default;

  [[nodiscard]] static constexpr std::string_view name() noexcept { return "memory"; }

  /// Reads on, some ten thousand rows at a time; false at the end. Throws what the range throws.
  bool next(rating_batch& batch) {
    constexpr int batch_rows = 1 << 14;
    const auto end = std::end(rows_);
    reader_.start(batch);
    if (at_ == end) return false;
    for (int i = 0; i < batch_rows && at_ != end; ++i, ++at_) {
      auto&& element = *at_;
      const auto& row = std::invoke(projection_, element);
      reader_.read(row);
    }
    return true;
  }

 private:
  Range rows_;
  Projection projection_;
  decltype(std::begin(std::declval<Range&>())) at_;
  detail::row_reader reader_;
};

template <class Range>
memory_source(Range&&) -> memory_source<Range>;
template <class Range, class Projection>
memory_source(Range&&, Projection) -> memory_source<Range, Projection>;
template <class Range, class... Fields>
requires(sizeof...(Fields) >= 2) memory_source(Range&&, Fields...)
->memory_source<Range, detail::joined_projection<Fields...>>;

}  // namespace kindred
