#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace kindred::detail {

/// Throws data_error unless these, which a file holds and which may be anything, are lists in
/// ascending order of numbers in 0 .. bound-1: list r is indices[offsets[r]] ..
/// indices[offsets[r + 1] - 1].
template <class Offset>
void check_lists(const shared_array<Offset>& offsets, const shared_array<index>& indices,
                 std::size_t bound, std::string_view what) {
  const auto refuse_unless = [&](bool sound) {
    if (!sound) throw data_error(std::string(what) + " contradict each other");
  };
  refuse_unless(!offsets.empty() && offsets[0] == 0 &&
                static_cast<std::size_t>(offsets[offsets.size() - 1]) == indices.size() &&
                std::is_sorted(offsets.begin(), offsets.end()));
  for (std::size_t r = 0; r + 1 < offsets.size(); ++r) {
    const index* const begin = indices.begin() + offsets[r];
    const index* const end = indices.begin() + offsets[r + 1];
    refuse_unless(std::adjacent_find(begin, end, std::greater_equal<>()) == end);
    refuse_unless(begin == end || (*begin >= 0 && static_cast<std::size_t>(end[-1]) < bound));
  }
}

}  // namespace kindred::detail
