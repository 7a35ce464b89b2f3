#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/feature_columns.hpp>

#include <string>
#include <string_view>

namespace kindred::detail {

/// Calls `f(token)` for each longest run of letters, digits and bytes beyond ASCII, with A to Z as
/// a to z, whatever the locale.
template <class Function>
void for_each_token(std::string_view text, const Function& f) {
  std::string token;
  const auto finish = [&] {
    if (!token.empty()) f(std::string_view(token));
    token.clear();
  };
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool letter = lower >= 'a' && lower <= 'z';
    const bool digit = lower >= '0' && lower <= '9';
    if (letter || digit || static_cast<unsigned char>(lower) >= 0x80)
      token += lower;
    else
      finish();
  }
  finish();
}

// Calls `f(term)` for what a row of a column says, term by term: its category, which is empty where
// it has none, its categories, or its tokens.

template <class Function>
void for_each_term(const categorical_column& column, index row, const Function& f) {
  const index category = column[row];
  f(category == unknown_index ? std::string_view() : column.vocabulary().id(category));
}

template <class Function>
void for_each_term(const multi_hot_column& column, index row, const Function& f) {
  for (const index category : column[row]) f(column.vocabulary().id(category));
}

template <class Function>
void for_each_term(const text_column& column, index row, const Function& f) {
  for_each_token(column[row], f);
}

}  // namespace kindred::detail
