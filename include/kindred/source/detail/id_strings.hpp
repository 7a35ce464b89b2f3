#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>

#include <cstdint>
#include <deque>
#include <string>

namespace kindred::detail {

/// Texts that a batch shows and that lie nowhere else; adding one moves no other.
using id_strings = std::deque<std::string>;

/// Turns a column of integers to one of texts.
inline void spell_out(id_column& column, id_strings& strings) {
  for (const std::int64_t integer : column.integers)
    column.texts.push_back(strings.emplace_back(to_text(integer)));
  column.integers.clear();
}

}  // namespace kindred::detail
