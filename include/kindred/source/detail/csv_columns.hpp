#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/csv_options.hpp>
#include <kindred/source/detail/csv_piece.hpp>
#include <kindred/source/detail/number.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kindred::detail {

inline constexpr std::array<csv_role, csv_roles> all_csv_roles = {
    csv_role::user, csv_role::item, csv_role::rating, csv_role::time, csv_role::weight};

/// The usual names of a role as plain_name() leaves them, the likeliest first.
[[nodiscard]] inline std::span<const std::string_view> usual_names(csv_role role) noexcept {
  static constexpr std::string_view user[] = {"userid",     "user",      "uid",
                                              "customerid", "visitorid", "reviewerid"};
  static constexpr std::string_view item[] = {"itemid",  "item",      "iid",    "movieid", "movie",
                                              "product", "productid", "bookid", "isbn",    "asin"};
  static constexpr std::string_view rating[] = {"rating", "ratings", "score",
                                                "value",  "stars",   "overall"};
  static constexpr std::string_view time[] = {"timestamp", "time", "date", "ts", "datetime"};
  static constexpr std::string_view weight[] = {"weight"};
  constexpr std::span<const std::string_view> names[csv_roles] = {user, item, rating, time, weight};
  return names[static_cast<std::size_t>(role)];
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

/// Finds the columns in the first row of a file.
class csv_column_finder {
 public:
  /// `names` are the fields of the row, which stands in that line of that file.
  csv_column_finder(const csv_options& options, std::vector<std::string> names, std::string file,
                    std::uint64_t line)
      : options_{&options.user, &options.item, &options.rating, &options.time, &options.weight},
        names_(std::move(names)),
        file_(std::move(file)),
        line_(line) {
    for (const csv_role role : all_csv_roles)
      require_option(!option(role).is_placed() || option(role).position() >= 1, name_of(role),
                     option(role).position(), "columns from 1");
    has_header_ = options.header == csv_header::present ||
                  (options.header == csv_header::detect && looks_like_header());
  }

  [[nodiscard]] bool has_header() const noexcept { return has_header_; }

  /// Throws format_error if a column that is asked for, or one of users or of items, is not there.
  [[nodiscard]] csv_columns find() const {
    csv_columns columns;
    for (const csv_role role : all_csv_roles)
      if (!option(role).is_usual()) columns[role] = find_chosen(role);
    const auto chosen = columns.columns;
    for (const csv_role role : all_csv_roles)
      if (option(role).is_usual())
        columns[role] = has_header_ ? find_usual_name(role) : usual_place(role, chosen);
    for (const csv_role role : {csv_role::user, csv_role::item})
      if (columns[role] == 0) fail("has no column for the " + std::string(name_of(role)));
    return columns;
  }

 private:
  [[nodiscard]] const csv_column& option(csv_role role) const noexcept {
    return *options_[static_cast<std::size_t>(role)];
  }
  [[noreturn]] void fail(std::string_view what) const {
    std::string row;
    for (const std::string& name : names_) row += (row.empty() ? "" : ", ") + name;
    throw format_error(file_, line_, 0, row, what);
  }

  [[nodiscard]] bool looks_like_header() const {
    for (const csv_role role : all_csv_roles)
      if (option(role).is_named() || find_usual_name(role) > 0) return true;
    float ignored = 0;
    return names_.size() >= 3 && std::none_of(names_.begin(), names_.end(), [&](const auto& name) {
             return parse_float(name, ignored) == nullptr;
           });
  }

  [[nodiscard]] std::size_t find_usual_name(csv_role role) const {
    for (const std::string_view usual : usual_names(role))
      for (std::size_t i = 0; i < names_.size(); ++i)
        if (plain_name(names_[i]) == usual) return i + 1;
    return 0;
  }

  /// User, item, rating, time in this order, as far as the row goes and no other role has the
  /// place.
  [[nodiscard]] std::size_t usual_place(csv_role role,
                                        const std::array<std::size_t, csv_roles>& taken) const {
    const std::size_t place = static_cast<std::size_t>(role) + 1;
    const bool is_free = std::find(taken.begin(), taken.end(), place) == taken.end();
    return role != csv_role::weight && is_free && place <= names_.size() ? place : 0;
  }

  [[nodiscard]] std::size_t find_chosen(csv_role role) const {
    const csv_column& column = option(role);
    if (column.is_none()) return 0;
    if (column.is_placed()) {
      const auto position = static_cast<std::size_t>(column.position());
      if (position > names_.size()) fail("has no column " + to_text(position));
      return position;
    }
    const auto found = std::find(names_.begin(), names_.end(), column.name());
    if (!has_header_ || found == names_.end()) fail("has no column named " + quoted(column.name()));
    return static_cast<std::size_t>(found - names_.begin()) + 1;
  }

  std::array<const csv_column*, csv_roles> options_;
  std::vector<std::string> names_;
  std::string file_;
  std::uint64_t line_;
  bool has_header_ = false;
};

}  // namespace kindred::detail
