#pragma once

#include <kindred/source/detail/number.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kindred::detail {

/// How rows are written.
struct csv_dialect {
  std::string delimiter = ",";  ///< at least one character, none of them a quote or a line end
  bool quoted = true;           ///< a quote at the start of a field has a meaning
  std::size_t max_row_bytes = std::size_t{1} << 20;
};

/// A field where it stands in the text, without its quotes.
struct csv_field {
  const char* begin = nullptr;
  const char* end = nullptr;
  bool is_quoted = false;
  bool has_quotes = false;  ///< doubled ones, inside

  [[nodiscard]] std::string_view raw() const noexcept {
    return {begin, static_cast<std::size_t>(end - begin)};
  }
  /// Without the spaces around it, if it is not quoted; quotes inside are still doubled.
  [[nodiscard]] std::string_view text() const noexcept {
    std::string_view text = raw();
    if (is_quoted) return text;
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
  }
  [[nodiscard]] std::string content() const {
    std::string content(text());
    if (!has_quotes) return content;
    std::size_t size = 0;
    for (std::size_t i = 0; i < content.size(); ++i) {
      if (content[i] == '"') ++i;  // the second of two
      content[size++] = content[i];
    }
    content.resize(size);
    return content;
  }
};

enum class row_status {
  complete,
  cut_off,  ///< the text ends inside the row, and the input goes on
  unterminated_quote,
  text_after_quote,
  too_long
};

/// Takes rows apart (RFC 4180). What becomes of a row depends on at most `max_row_bytes` bytes and
/// the few behind them, never on where the text happens to be cut.
///
/// Reading goes on in the line after the one where an offending quote opened, so that a stray quote
/// costs a line, not the file; or behind the line end that follows a row that is too long.
class csv_scanner {
 public:
  /// As much is told of a bad row.
  static constexpr std::size_t trouble_bytes = 256;

  /// Scans rows of `text`, which outlives the scanner; `is_last` says that the input ends with it.
  /// The first `wanted` fields of a row are kept.
  csv_scanner(const csv_dialect& dialect, std::string_view text, bool is_last, std::size_t wanted)
      : delimiter_(dialect.delimiter),
        delimiter_word_(every_byte * static_cast<unsigned char>(delimiter_[0])),
        max_row_bytes_(dialect.max_row_bytes),
        quoted_(dialect.quoted),
        is_last_(is_last),
        end_(text.data() + text.size()),
        fields_(wanted) {}

  /// Reads the row at `row`. Precondition: `row` is in the text, before its end.
  row_status scan(const char* row) {
    row_ = row;
    limit_ = left_from(row) > max_row_bytes_ + 1 ? row + max_row_bytes_ + 1 : end_;
    lines_ = 1;
    count_ = 0;
    for (const char* at = row;; at += delimiter_.size()) {
      csv_field field;
      if (quoted_ && at < limit_ && *at == '"') {
        if (const row_status status = scan_quoted(at, field); status != row_status::complete)
          return status;
      } else {
        scan_plain(at, field);
      }
      if (at == limit_ && !ends_at_limit()) return fail_at_limit();
      if (count_ < fields_.size()) fields_[count_] = field;
      ++count_;
      if (at == limit_ || *at == '\n') {
        next_ = at == limit_ ? end_ : at + 1;
        return row_status::complete;
      }
    }
  }

  /// The first fields of the row, as many as were wanted or as there are.
  [[nodiscard]] std::span<const csv_field> fields() const noexcept {
    return {fields_.data(), std::min(count_, fields_.size())};
  }
  /// How many fields were complete, kept or not.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  /// Where the next row begins; nullptr if the text ends before it does.
  [[nodiscard]] const char* next() const noexcept { return next_; }
  /// How many lines lie between the row and the next.
  [[nodiscard]] std::size_t lines() const noexcept { return lines_; }
  /// What is wrong with a bad row, to the end of the line and at most `trouble_bytes` of it, and in
  /// which column from 1; 0 for the whole row.
  [[nodiscard]] std::string_view trouble() const noexcept { return trouble_; }
  [[nodiscard]] std::size_t trouble_column() const noexcept { return trouble_column_; }

 private:
  static constexpr std::uint64_t line_end_word = every_byte * '\n';

  [[nodiscard]] std::size_t left_from(const char* at) const noexcept {
    return static_cast<std::size_t>(end_ - at);
  }
  [[nodiscard]] bool is_delimiter(const char* at) const noexcept {
    if (at >= end_ || *at != delimiter_[0]) return false;
    return delimiter_.size() == 1 || std::string_view(at, left_from(at)).starts_with(delimiter_);
  }
  [[nodiscard]] bool exceeds(const char* end) const noexcept {
    return static_cast<std::size_t>(end - row_) > max_row_bytes_;
  }
  [[nodiscard]] bool ends_at_limit() const noexcept {
    return limit_ == end_ && is_last_ && !exceeds(limit_);
  }

  /// The first delimiter or line end from `at`, or the limit.
  [[nodiscard]] const char* find_end(const char* at) const noexcept {
    while (at < limit_ && left_from(at) >= 8) {
      const std::uint64_t word = load_word(at);
      const std::uint64_t hits = zero_bytes(word ^ delimiter_word_) |  //
                                 zero_bytes(word ^ line_end_word);
      if (hits == 0) {
        at += 8;
        continue;
      }
      at += std::countr_zero(hits) / 8;
      if (delimiter_.size() == 1 || *at == '\n' || is_delimiter(at)) return std::min(at, limit_);
      ++at;
    }
    while (at < limit_ && *at != '\n' && !is_delimiter(at)) ++at;
    return std::min(at, limit_);
  }

  void scan_plain(const char*& at, csv_field& field) const noexcept {
    field.begin = at;
    field.end = at = find_end(at);
    const bool ends_row = at == limit_ || *at == '\n';
    if (ends_row && field.end > field.begin && field.end[-1] == '\r') --field.end;
  }

  /// Leaves `at` on the delimiter, the line end or the limit behind the closing quote.
  row_status scan_quoted(const char*& at, csv_field& field) {
    const char* const open = at++;
    field = {at, at, true, false};
    for (;;) {
      at = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(limit_ - at)));
      if (at == nullptr) {
        if (limit_ == end_ && !is_last_ && !exceeds(limit_)) return row_status::cut_off;
        return fail(row_status::unterminated_quote, open, open);
      }
      field.end = at++;
      if (at == limit_ || *at != '"') break;
      field.has_quotes = true;
      ++at;
    }
    lines_ += static_cast<std::size_t>(std::count(field.begin, field.end, '\n'));
    if (at < limit_ && *at == '\r' && (at + 1 == limit_ || at[1] == '\n')) ++at;
    if (at == limit_ || *at == '\n' || is_delimiter(at)) return row_status::complete;
    if (!is_last_ && left_from(at) < delimiter_.size()) return row_status::cut_off;
    return fail(row_status::text_after_quote, open, open);
  }

  row_status fail_at_limit() {
    if (!exceeds(limit_)) return row_status::cut_off;
    return fail(row_status::too_long, row_, limit_ - 1);
  }

  /// Resumes behind the first line end from `resume`.
  row_status fail(row_status status, const char* trouble, const char* resume) {
    const auto line_end = [this](const char* at) {
      return static_cast<const char*>(std::memchr(at, '\n', left_from(at)));
    };
    const char* const end = line_end(resume);
    next_ = end != nullptr ? end + 1 : is_last_ ? end_ : nullptr;
    lines_ = static_cast<std::size_t>(std::count(row_, next_ != nullptr ? next_ : end_, '\n'));
    trouble_column_ = status == row_status::too_long ? 0 : count_ + 1;
    trouble_ = {trouble, std::min(left_from(trouble), trouble_bytes)};
    trouble_ = trouble_.substr(0, trouble_.find_first_of("\r\n"));
    return status;
  }

  std::string delimiter_;
  std::uint64_t delimiter_word_;
  std::size_t max_row_bytes_;
  bool quoted_;
  bool is_last_;
  const char* end_;
  const char* row_ = nullptr;
  const char* limit_ = nullptr;
  const char* next_ = nullptr;
  std::size_t lines_ = 0;
  std::size_t count_ = 0;
  std::string_view trouble_;
  std::size_t trouble_column_ = 0;
  std::vector<csv_field> fields_;
};

}  // namespace kindred::detail
