#pragma once

#include <kindred/data/build.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_field.hpp>
#include <kindred/data/feature_table.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::test {

/// Users 0, 1, 2 rated item 0, 1, 0, at noon of a Saturday, a Monday and a Sunday of 1970; user 3
/// and item 2 have no ratings.
inline dataset few_ratings() {
  constexpr std::int64_t day = 86400;
  rating_columns columns;
  columns.users = {0, 1, 2};
  columns.items = {0, 1, 0};
  columns.values = {4, 2, 5};
  columns.times = {2 * day + day / 2, 4 * day + day / 2, 3 * day + day / 2};
  return make_dataset(numbered_ids(4), numbered_ids(3), std::move(columns));
}

/// What is known of four users, in a column of each kind.
inline feature_table few_users() {
  feature_table table(4);
  table.add("age", numeric_column({20, std::nanf(""), 40, 90}));
  table.add("city", categorical_column(std::vector<std::string>{"Rome", "", "Oslo", "Bern"}));
  table.add("tags", multi_hot_column(std::vector<std::vector<std::string>>{
                        {"a", "b"}, {"b"}, {"a", "b", "c"}, {"c", "d"}}));
  table.add("bio", text_column(std::vector<std::string>{"The cat. The CAT!", "dog-cat 7", "",
                                                        "Émile dog"}));
  return table;
}

/// A row as text, "slot:value " for each entry and "| " between fields.
inline std::string text_of(const encoded_row& row) {
  std::ostringstream text;
  for (std::size_t field = 0; field < row.fields(); ++field) {
    if (field > 0) text << "| ";
    const encoded_entries entries = row[field];
    for (std::size_t e = 0; e < entries.size(); ++e)
      text << entries.slots[e] << ':' << entries.values[e] << ' ';
  }
  return text.str();
}

/// The fields as text, "name first_slot+slots " for each.
inline std::string text_of(std::span<const feature_field> fields) {
  std::ostringstream text;
  for (const feature_field& field : fields)
    text << field.name << ' ' << field.first_slot << '+' << field.slots << ' ';
  return text.str();
}

}  // namespace kindred::test
