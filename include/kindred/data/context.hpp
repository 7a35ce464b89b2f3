#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/assemble.hpp>
#include <kindred/data/detail/split_marks.hpp>
#include <kindred/data/select.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

namespace kindred {

/// In which of a few contexts a rating was given: a number from 0 to count() - 1, told by its user,
/// item and time. Ready-made ones are in data/calendar.hpp; any function makes another:
///
///   const kindred::rating_context eve(2, [](std::int64_t time) { return time % 86400 >= 64800; });
class rating_context {
 public:
  static constexpr int most = 256;

  /// `of` takes a time in Unix seconds, or user index, item index and time, and returns an integer.
  /// It is called by several threads at a time. Throws option_error unless 1 <= count <= 256.
  template <class Function>
  rating_context(int count, Function of) : count_(count) {
    require_option(count >= 1 && count <= most, "count", count, "[1, 256]");
    if constexpr (std::is_invocable_v<const Function&, std::int64_t>)
      of_ = [of = std::move(of)](index, index, std::int64_t time) {
        return static_cast<int>(of(time));
      };
    else
      of_ = std::move(of);
  }

  [[nodiscard]] int count() const noexcept { return count_; }

  /// Throws data_error if the function returns a number that is no context, and what it throws.
  [[nodiscard]] int operator()(index user, index item, std::int64_t time) const {
    const int context = of_(user, item, time);
    if (context < 0 || context >= count_)
      throw data_error("context " + detail::to_text(context) + " of user " + detail::to_text(user) +
                       ", item " + detail::to_text(item) + ", time " + detail::to_text(time) +
                       " is not in 0 .. " + detail::to_text(count_ - 1));
    return context;
  }

 private:
  int count_;
  std::function<int(index, index, std::int64_t)> of_;
};

/// The context of each row of `data`, in its order. O(ratings), in parallel. Throws data_error if
/// the ratings have no times, or what the context throws.
[[nodiscard]] inline aligned_vector<std::uint8_t> contexts_of(const dataset& data,
                                                              const rating_context& context) {
  aligned_vector<std::uint8_t> contexts(data.size());
  if (data.empty()) return contexts;
  detail::require_times(data, "context");
  const auto items = data.row_items();
  const auto times = data.row_times();
  parallel_for(data.size(), 1 << 12, [&](std::size_t begin, std::size_t end) {
    detail::for_each_row(data.user_offsets(), begin, end, [&](index user, std::size_t row) {
      contexts[row] = static_cast<std::uint8_t>(context(user, items[row], times[row]));
    });
  });
  return contexts;
}

/// The ratings that were given in context `value`: the exact pre-filter of Adomavicius,
/// Sankaranarayanan, Sen, Tuzhilin, "Incorporating contextual information in recommender systems
/// using a multidimensional approach", TOIS 23(1), 2005, section 3. Shares the ids of `data`.
/// Throws option_error for a value that is no context, else what contexts_of() throws.
[[nodiscard]] inline dataset select_context(const dataset& data, const rating_context& context,
                                            int value) {
  require_option(value >= 0 && value < context.count(), "value", value, "[0, count)");
  return detail::select_marked(data, contexts_of(data, context), static_cast<std::uint8_t>(value));
}

}  // namespace kindred
