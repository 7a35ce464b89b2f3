#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/detail/column_finder.hpp>
#include <kindred/source/detail/csv_row.hpp>
#include <kindred/source/detail/id_strings.hpp>
#include <kindred/source/detail/number.hpp>
#include <kindred/source/detail/rating_field.hpp>
#include <kindred/source/time.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kindred::detail {

/// How a file is written and what is read of it.
struct csv_format {
  csv_dialect dialect;
  column_places columns;
  std::int64_t ticks_per_second = 1;
};

/// What a row that is not complete is reported as.
[[nodiscard]] inline std::string reason_of(row_status status, const csv_dialect& dialect) {
  if (status == row_status::unterminated_quote) return "quote is not closed";
  if (status == row_status::text_after_quote) return "text behind a closing quote";
  return "row is longer than " + to_text(dialect.max_row_bytes) + " bytes";
}

[[nodiscard]] inline bool is_blank(std::span<const csv_field> fields) noexcept {
  return fields.size() == 1 && !fields[0].is_quoted &&
         fields[0].raw().find_first_not_of(" \t") == std::string_view::npos;
}

/// A run of rows, and what they are read into.
class csv_piece {
 public:
  rating_batch batch;       ///< its lines count from 1, the first of the piece
  std::uint64_t lines = 0;  ///< how many lines the piece has

  /// Reads the rows that begin at begin .. end-1 of `text` and returns where the next one begins:
  /// before `end` if the text does not hold all of it. Texts of the batch are good as long as
  /// `text` and the piece are left alone. `is_last` as for csv_scanner.
  std::size_t parse(const csv_format& format, std::string_view text, bool is_last,
                    std::size_t begin, std::size_t end) {
    start(format, text);
    csv_scanner scanner(format.dialect, text, is_last, format.columns.needed());
    const char* at = text.data() + begin;
    while (at < text.data() + end) {
      const row_status status = scanner.scan(at);
      if (status == row_status::cut_off || scanner.next() == nullptr) break;
      read(status, scanner);
      at = scanner.next();
    }
    return static_cast<std::size_t>(at - text.data());
  }

  /// Reads one row that is known to be bad.
  void reject(const csv_format& format, row_status status, const csv_scanner& scanner) {
    start(format, {});
    read(status, scanner);
  }

 private:
  struct parsed_id {
    bool is_integer = false;
    std::int64_t integer = 0;
    std::string_view text;
  };

  void start(const csv_format& format, std::string_view text) noexcept {
    format_ = &format;
    needed_ = format.columns.needed();
    readable_ = text.data() + text.size();
    batch.clear();
    strings_.clear();
    lines = 0;
  }

  void read(row_status status, const csv_scanner& scanner) {
    line_ = lines + 1;
    lines += scanner.lines();
    if (status == row_status::complete) return read_row(scanner.fields());
    reject(scanner.trouble_column(), std::string(scanner.trouble()),
           reason_of(status, format_->dialect));
  }

  void read_row(std::span<const csv_field> fields) {
    if (fields.size() < needed_) return read_short_row(fields);
    parsed_id user;
    parsed_id item;
    float rating = 1;
    std::int64_t time = 0;
    float weight = 1;
    const bool is_good = read_id(rating_field::user, fields, batch.users, user) &&
                         read_id(rating_field::item, fields, batch.items, item) &&
                         read_float(rating_field::rating, fields, rating) &&
                         read_time(fields, time) && read_weight(fields, weight);
    if (!is_good) return;
    add(batch.users, user);
    add(batch.items, item);
    batch.values.push_back(rating);
    if (format_->columns[rating_field::time] > 0) batch.times.push_back(time);
    if (format_->columns[rating_field::weight] > 0) batch.weights.push_back(weight);
    batch.lines.push_back(line_);
  }

  void read_short_row(std::span<const csv_field> fields) {
    if (is_blank(fields)) return;
    const csv_field whole{fields.front().begin, fields.back().end};
    reject(0, std::string(whole.raw().substr(0, csv_scanner::trouble_bytes)),
           "row has " + to_text(fields.size()) + " of " + to_text(needed_) + " columns");
  }

  bool read_id(rating_field role, std::span<const csv_field> fields, const id_column& column,
               parsed_id& id) {
    const csv_field& field = fields[format_->columns[role] - 1];
    id.text = field.has_quotes ? strings_.emplace_back(field.content()) : field.text();
    if (id.text.empty()) return reject(role, field, "is empty");
    if (column.texts.empty() && !field.has_quotes)
      id.is_integer = parse_integer_id(id.text, readable_, id.integer);
    return true;
  }

  /// Leaves the value alone if the role is not read.
  bool read_float(rating_field role, std::span<const csv_field> fields, float& value) {
    const std::size_t column = format_->columns[role];
    if (column == 0) return true;
    const csv_field& field = fields[column - 1];
    const char* const trouble = parse_float(field.text(), value);
    return trouble == nullptr || reject(role, field, trouble);
  }

  bool read_time(std::span<const csv_field> fields, std::int64_t& value) {
    const std::size_t column = format_->columns[rating_field::time];
    if (column == 0) return true;
    const csv_field& field = fields[column - 1];
    return parse_time(field.text(), format_->ticks_per_second, readable_, value) ||
           reject(rating_field::time, field, "is neither a number nor a date");
  }

  bool read_weight(std::span<const csv_field> fields, float& value) {
    if (!read_float(rating_field::weight, fields, value)) return false;
    return value > 0 ||
           reject(rating_field::weight, fields[format_->columns[rating_field::weight] - 1],
                  "is not positive");
  }

  /// A column of ids stays integers until an id is not one.
  void add(id_column& column, const parsed_id& id) {
    if (id.is_integer) return column.integers.push_back(id.integer);
    spell_out(column, strings_);
    column.texts.push_back(id.text);
  }

  bool reject(rating_field role, const csv_field& field, std::string_view trouble) {
    reject(format_->columns[role], field.content(),
           std::string(name_of(role)) + ' ' + std::string(trouble));
    return false;
  }
  void reject(std::size_t column, std::string value, std::string reason) {
    batch.rejected.push_back({line_, column, std::move(value), std::move(reason)});
  }

  const csv_format* format_ = nullptr;
  std::size_t needed_ = 0;
  const char* readable_ = nullptr;
  std::uint64_t line_ = 0;
  id_strings strings_;  ///< what the batch shows and the text does not hold
};

}  // namespace kindred::detail
