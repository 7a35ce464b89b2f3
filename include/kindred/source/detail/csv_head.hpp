#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/csv_options.hpp>
#include <kindred/source/detail/column_finder.hpp>
#include <kindred/source/detail/csv_piece.hpp>
#include <kindred/source/detail/csv_row.hpp>
#include <kindred/source/detail/number.hpp>
#include <kindred/source/detail/text_feed.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The most frequent candidate outside of quotes; else a space; else, in a single column, a comma.
[[nodiscard]] inline std::string detect_delimiter(std::string_view line) {
  constexpr std::string_view candidates[] = {",", "\t", "::", ";", "|"};
  std::size_t counts[std::size(candidates)] = {};
  bool is_quoted = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    is_quoted ^= line[at] == '"';
    for (std::size_t i = 0; !is_quoted && i < std::size(candidates); ++i)
      if (line.substr(at).starts_with(candidates[i])) ++counts[i];
  }
  const auto most = std::max_element(std::begin(counts), std::end(counts));
  if (*most > 0) return std::string(candidates[most - counts]);
  return line.find(' ') == line.npos ? "," : " ";
}

/// Whether the first row of a file names its columns.
[[nodiscard]] inline bool has_header(csv_header header, const column_finder& first_row) {
  if (header != csv_header::detect) return header == csv_header::present;
  if (first_row.knows_a_name()) return true;
  const auto& names = first_row.names();
  float ignored = 0;
  return names.size() >= 3 && std::none_of(names.begin(), names.end(), [&](const auto& name) {
           return parse_float(name, ignored) == nullptr;
         });
}

/// Reads the beginning of a file, up to its first row of data.
class csv_head {
 public:
  csv_head(text_feed& feed, const std::string& file, const csv_options& options)
      : feed_(feed), file_(file), options_(options) {
    check_options();
    check_encoding();
    const std::string_view text = skip_blank_lines();
    if (text.empty()) fail("is empty");
    set_dialect(text.substr(0, text.find_first_of("\r\n")));
    read_first_row(text);
  }

  [[nodiscard]] const csv_format& format() const noexcept { return format_; }
  /// How many lines lie before the data.
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw format_error(file_, lines_, 0, {}, what);
  }

  void check_options() const {
    require_option(options_.delimiter.find_first_of("\"\r\n") == std::string::npos, "delimiter",
                   options_.delimiter, "text without quotes and line ends");
    require_option(options_.delimiter.size() <= 32, "delimiter", options_.delimiter,
                   "at most 32 bytes");
    require_option(options_.max_row_bytes > 0, "max_row_bytes", options_.max_row_bytes, "[1, ...)");
    require_option(options_.window_bytes > 0, "window_bytes", options_.window_bytes, "[1, ...)");
    require_option(options_.piece_bytes > 0, "piece_bytes", options_.piece_bytes, "[1, ...)");
    require_option(options_.ticks_per_second > 0, "ticks_per_second", options_.ticks_per_second,
                   "[1, ...)");
  }

  void check_encoding() {
    const std::string_view text = feed_.peek(4);
    if (text.starts_with("\x1f\x8b"))
      fail("is compressed with gzip: read it through gzip_file of kindred/source/gzip.hpp");
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
      fail("is UTF-16: convert it to UTF-8");
    if (text.starts_with("\xef\xbb\xbf")) feed_.consume(3);
  }

  /// What follows, as much as a row can be long.
  [[nodiscard]] std::string_view peek() { return feed_.peek(options_.max_row_bytes + 64); }

  std::string_view skip_blank_lines() {
    for (;;) {
      const std::string_view text = peek();
      std::size_t blank = text.find_first_not_of(" \t\r\n");
      if (blank == 0 || text.empty()) return text;
      // A line may begin with blanks.
      blank = blank == text.npos ? text.size() : text.rfind('\n', blank) + 1;
      if (blank == 0) return text;
      lines_ += static_cast<std::uint64_t>(std::count(text.data(), text.data() + blank, '\n'));
      feed_.consume(blank);
    }
  }

  void set_dialect(std::string_view line) {
    format_.dialect.delimiter =
        options_.delimiter.empty() ? detect_delimiter(line) : options_.delimiter;
    format_.dialect.quoted = options_.quoted;
    format_.dialect.max_row_bytes = options_.max_row_bytes;
    format_.ticks_per_second = options_.ticks_per_second;
  }

  void read_first_row(std::string_view text) {
    const bool is_last = text.size() <= options_.max_row_bytes;
    const auto delimiters = std::count(text.begin(), text.end(), format_.dialect.delimiter[0]);
    csv_scanner row(format_.dialect, text, is_last, static_cast<std::size_t>(delimiters) + 1);
    if (const row_status status = row.scan(text.data()); status != row_status::complete)
      throw format_error(file_, lines_ + 1, row.trouble_column(), std::string(row.trouble()),
                         reason_of(status, format_.dialect));
    std::vector<std::string> names;
    for (const csv_field& field : row.fields()) names.push_back(field.content());

    const column_finder finder(options_, std::move(names), file_, lines_ + 1);
    const bool has_names = has_header(options_.header, finder);
    format_.columns = finder.find(has_names);
    if (!has_names) return;
    feed_.consume(static_cast<std::size_t>(row.next() - text.data()));
    lines_ += row.lines();
    if (skip_blank_lines().empty()) fail("has a header and no rows");
  }

  text_feed& feed_;
  const std::string& file_;
  const csv_options& options_;
  csv_format format_;
  std::uint64_t lines_ = 0;
};

}  // namespace kindred::detail
