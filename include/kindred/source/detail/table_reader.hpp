#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/mapped_file.hpp>
#include <kindred/source/detail/csv_piece.hpp>
#include <kindred/source/detail/csv_row.hpp>
#include <kindred/source/detail/number.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace kindred::detail {

/// Code points up to U+00FF, a byte each, in UTF-8.
[[nodiscard]] inline std::string utf8_of_latin1(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x80) {
      result += c;
    } else {
      result += static_cast<char>(0xC0 | (code >> 6));
      result += static_cast<char>(0x80 | (code & 0x3F));
    }
  }
  return result;
}

/// How a table is written.
struct table_format {
  csv_dialect dialect{};
  std::size_t columns = 2;  ///< of every row, >= 2
  bool is_latin1 = false;   ///< else it is UTF-8
};

/// A table of delimited text, row by row, for what is not ratings. The first row that is not as it
/// should be throws format_error with file, line, column and value. Blank lines are skipped.
class table_reader {
 public:
  /// Throws io_error if the file cannot be read, format_error if it has only blank lines.
  table_reader(const std::string& path, const table_format& format)
      : file_(path),
        format_(format),
        rest_(behind_byte_order_mark(file_.text())),
        scanner_(format.dialect, rest_, true, format.columns) {
    if (rest_.find_first_not_of(" \t\r\n") == rest_.npos)
      throw format_error(path, 0, 0, {}, "is empty");
  }

  /// Goes to the first row, or on to the next; false at the end.
  bool next() {
    while (!rest_.empty()) {
      const row_status status = scanner_.scan(rest_.data());
      line_ = next_line_;
      next_line_ += scanner_.lines();
      const std::string_view row(rest_.data(),
                                 static_cast<std::size_t>(scanner_.next() - rest_.data()));
      rest_.remove_prefix(row.size());
      if (status != row_status::complete)
        throw format_error(file_.path(), line_, scanner_.trouble_column(),
                           std::string(scanner_.trouble()), reason_of(status, format_.dialect));
      if (is_blank(scanner_.fields())) continue;
      check_columns(row);
      return true;
    }
    return false;
  }

  // Fields of the row, by their columns from 1. `what` names the field in messages.

  [[nodiscard]] std::string text(std::size_t column) const {
    std::string content = scanner_.fields()[column - 1].content();
    return format_.is_latin1 ? utf8_of_latin1(content) : content;
  }
  [[nodiscard]] std::string id(std::size_t column, std::string_view what) const {
    std::string content = text(column);
    if (content.empty()) fail(column, std::string(what) + " is empty");
    return content;
  }
  [[nodiscard]] int integer(std::size_t column, int low, int high, std::string_view what) const {
    int value = 0;
    const bool is_integer = parse_whole(text(column), value).ec == std::errc{};
    if (!is_integer || value < low || value > high)
      fail(column,
           std::string(what) + " is not an integer from " + to_text(low) + " to " + to_text(high));
    return value;
  }

  [[noreturn]] void fail(std::size_t column, std::string_view trouble) const {
    throw format_error(file_.path(), line_, column, text(column), trouble);
  }

 private:
  [[nodiscard]] static std::string_view behind_byte_order_mark(std::string_view text) noexcept {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    return text;
  }

  void check_columns(std::string_view row) const {
    if (scanner_.count() == format_.columns) return;
    throw format_error(
        file_.path(), line_, 0, std::string(row.substr(0, row.find_first_of("\r\n"))),
        "row has " + to_text(scanner_.count()) + " columns, not " + to_text(format_.columns));
  }

  mapped_file file_;
  table_format format_;
  std::string_view rest_;
  csv_scanner scanner_;
  std::uint64_t line_ = 0;
  std::uint64_t next_line_ = 1;
};

}  // namespace kindred::detail
