#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/column_choice.hpp>
#include <kindred/source/detail/rating_field.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Where each field of a rating is in a table: its column from 1, or 0 if it is not read.
struct column_places {
  std::array<std::size_t, rating_fields> columns = {};

  [[nodiscard]] std::size_t operator[](rating_field field) const noexcept {
    return columns[static_cast<std::size_t>(field)];
  }
  [[nodiscard]] std::size_t& operator[](rating_field field) noexcept {
    return columns[static_cast<std::size_t>(field)];
  }
  /// How many columns a row must have.
  [[nodiscard]] std::size_t needed() const noexcept {
    return *std::max_element(columns.begin(), columns.end());
  }
};

/// The usual names of a field as plain_name() leaves them, the likeliest first.
[[nodiscard]] inline std::span<const std::string_view> usual_names(rating_field field) noexcept {
  static constexpr std::string_view user[] = {"userid",     "user",      "uid",
                                              "customerid", "visitorid", "reviewerid"};
  static constexpr std::string_view item[] = {"itemid",  "item",      "iid",    "movieid", "movie",
                                              "product", "productid", "bookid", "isbn",    "asin"};
  static constexpr std::string_view rating[] = {"rating", "ratings", "score",
                                                "value",  "stars",   "overall"};
  static constexpr std::string_view time[] = {"timestamp", "time", "date", "ts", "datetime"};
  static constexpr std::string_view weight[] = {"weight"};
  constexpr std::span<const std::string_view> names[] = {user, item, rating, time, weight};
  return names[static_cast<std::size_t>(field)];
}

/// A column's name without case, spaces and signs: "User_ID" is "userid".
[[nodiscard]] inline std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') plain += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) plain += c;
  }
  return plain;
}

/// Finds the columns of a table that the fields of a rating are in.
class column_finder {
 public:
  /// `options`, which outlives the finder, has a column_choice for every field; `names` are those
  /// of the columns, or what the first row has in their place, and stand in that line of that file.
  template <class Options>
  column_finder(const Options& options, std::vector<std::string> names, std::string file,
                std::uint64_t line)
      : choices_{&options.user, &options.item, &options.rating, &options.time, &options.weight},
        names_(std::move(names)),
        file_(std::move(file)),
        line_(line) {
    for (const rating_field field : all_rating_fields)
      require_option(!choice(field).is_placed() || choice(field).position() >= 1, name_of(field),
                     choice(field).position(), "columns from 1");
  }

  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

  /// Whether the names are likely to be some: one is usual, or a column is chosen by name.
  [[nodiscard]] bool knows_a_name() const {
    return std::any_of(all_rating_fields.begin(), all_rating_fields.end(), [&](rating_field field) {
      return choice(field).is_named() || find_usual_name(field) > 0;
    });
  }

  /// Throws format_error if a column that is asked for, or one of users or of items, is not there.
  [[nodiscard]] column_places find(bool has_names) const {
    column_places places;
    for (const rating_field field : all_rating_fields)
      if (!choice(field).is_usual()) places[field] = find_chosen(field, has_names);
    const column_places chosen = places;
    for (const rating_field field : all_rating_fields)
      if (choice(field).is_usual())
        places[field] = has_names ? find_usual_name(field) : usual_place(field, chosen);
    for (const rating_field field : {rating_field::user, rating_field::item})
      if (places[field] == 0) fail("has no column for the " + std::string(name_of(field)));
    return places;
  }

 private:
  [[nodiscard]] const column_choice& choice(rating_field field) const noexcept {
    return *choices_[static_cast<std::size_t>(field)];
  }
  [[noreturn]] void fail(std::string_view what) const {
    std::string row;
    for (const std::string& name : names_) row += (row.empty() ? "" : ", ") + name;
    throw format_error(file_, line_, 0, row, what);
  }

  [[nodiscard]] std::size_t find_usual_name(rating_field field) const {
    for (const std::string_view usual : usual_names(field))
      for (std::size_t i = 0; i < names_.size(); ++i)
        if (plain_name(names_[i]) == usual) return i + 1;
    return 0;
  }

  /// User, item, rating, time in this order, as far as the row goes and no other field has the
  /// place.
  [[nodiscard]] std::size_t usual_place(rating_field field, const column_places& taken) const {
    const std::size_t place = static_cast<std::size_t>(field) + 1;
    const auto& columns = taken.columns;
    const bool is_free = std::find(columns.begin(), columns.end(), place) == columns.end();
    return field != rating_field::weight && is_free && place <= names_.size() ? place : 0;
  }

  [[nodiscard]] std::size_t find_chosen(rating_field field, bool has_names) const {
    const column_choice& column = choice(field);
    if (column.is_none()) return 0;
    if (column.is_placed()) {
      const auto position = static_cast<std::size_t>(column.position());
      if (position > names_.size()) fail("has no column " + to_text(position));
      return position;
    }
    const auto found = std::find(names_.begin(), names_.end(), column.name());
    if (!has_names || found == names_.end()) fail("has no column named " + quoted(column.name()));
    return static_cast<std::size_t>(found - names_.begin()) + 1;
  }

  std::array<const column_choice*, rating_fields> choices_;
  std::vector<std::string> names_;
  std::string file_;
  std::uint64_t line_;
};

}  // namespace kindred::detail
