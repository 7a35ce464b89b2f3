#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/detail/mysql_session.hpp>
#include <kindred/source/detail/mysql_time.hpp>
#include <kindred/source/sql_connection.hpp>

#include <mysql.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

/// A column of a result: the place that its cells are fetched to, and what they are.
class mysql_cell {
 public:
  explicit mysql_cell(const MYSQL_FIELD& field)
      : column_(field.type),
        fetched_as_(fetched_as(field.type)),
        decimals_(field.decimals),
        is_unsigned_((field.flags & UNSIGNED_FLAG) != 0),
        is_bytes_(is_bytes(field)) {
    if (fetched_as_ == MYSQL_TYPE_STRING)
      text_.resize(std::min<std::size_t>(field.length + 1, first_text_size));
  }

  /// Where the client library is to put a cell; valid until fetch_long().
  [[nodiscard]] MYSQL_BIND target() noexcept {
    MYSQL_BIND bind{};
    bind.buffer_type = fetched_as_;
    bind.buffer = fetched_as_ == MYSQL_TYPE_STRING ? text_.data() : static_cast<void*>(&place_);
    bind.buffer_length = text_.size();
    bind.is_unsigned = static_cast<my_bool>(is_unsigned_);
    bind.length = &length_;
    bind.is_null = &is_null_;
    bind.error = &is_cut_;
    return bind;
  }

  /// Whether the text that was fetched has more bytes than there was room for.
  [[nodiscard]] bool is_long() const noexcept {
    return fetched_as_ == MYSQL_TYPE_STRING && is_null_ == 0 && length_ > text_.size();
  }

  /// Makes room for such a text and fetches it whole.
  void fetch_long(const mysql_session& session, MYSQL_STMT* statement, unsigned column) {
    text_.resize(length_);
    MYSQL_BIND bind = target();
    if (mysql_stmt_fetch_column(statement, &bind, column, 0) != 0) throw session.error(statement);
  }

  [[nodiscard]] sql_value value() noexcept {
    if (is_null_ != 0) return {};
    switch (fetched_as_) {
      case MYSQL_TYPE_LONGLONG:
        return whole(place_.integer);
      case MYSQL_TYPE_FLOAT:
        return double{place_.single};
      case MYSQL_TYPE_DOUBLE:
        return place_.real;
      case MYSQL_TYPE_DATETIME:
      case MYSQL_TYPE_TIME:
        return time_text_.write(place_.time, column_, decimals_);
      case MYSQL_TYPE_STRING:
        break;
      default:
        return {};
    }
    const std::string_view text(text_.data(), length_);
    if (column_ == MYSQL_TYPE_BIT) return bits(text);
    if (is_bytes_) return sql_bytes{text};
    return text;
  }

 private:
  static constexpr std::size_t first_text_size = 256;

  static enum_field_types fetched_as(enum_field_types column) noexcept {
    switch (column) {
      case MYSQL_TYPE_TINY:
      case MYSQL_TYPE_SHORT:
      case MYSQL_TYPE_INT24:
      case MYSQL_TYPE_LONG:
      case MYSQL_TYPE_LONGLONG:
      case MYSQL_TYPE_YEAR:
        return MYSQL_TYPE_LONGLONG;
      case MYSQL_TYPE_FLOAT:
      case MYSQL_TYPE_DOUBLE:
      case MYSQL_TYPE_NULL:
      case MYSQL_TYPE_TIME:
        return column;
      case MYSQL_TYPE_DATE:
      case MYSQL_TYPE_DATETIME:
      case MYSQL_TYPE_TIMESTAMP:
        return MYSQL_TYPE_DATETIME;
      default:
        return MYSQL_TYPE_STRING;
    }
  }

  /// A number comes as text in the character set "binary", too, and is none of these types.
  static bool is_bytes(const MYSQL_FIELD& field) noexcept {
    constexpr unsigned binary = 63;
    switch (field.type) {
      case MYSQL_TYPE_STRING:
      case MYSQL_TYPE_VAR_STRING:
      case MYSQL_TYPE_VARCHAR:
      case MYSQL_TYPE_TINY_BLOB:
      case MYSQL_TYPE_MEDIUM_BLOB:
      case MYSQL_TYPE_LONG_BLOB:
      case MYSQL_TYPE_BLOB:
        return field.charsetnr == binary;
      default:
        return field.type == MYSQL_TYPE_GEOMETRY;
    }
  }

  /// A number that is too large for std::int64_t comes as its digits.
  sql_value whole(std::int64_t number) {
    if (number >= 0 || !(is_unsigned_ || column_ == MYSQL_TYPE_BIT)) return number;
    digits_ = to_text(static_cast<std::uint64_t>(number));
    return std::string_view(digits_);
  }

  /// BIT(n) is a number, its bytes from the most significant on.
  sql_value bits(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
    return whole(static_cast<std::int64_t>(number));
  }

  union place {
    std::int64_t integer;
    float single;
    double real;
    MYSQL_TIME time;
  };

  enum_field_types column_;
  enum_field_types fetched_as_;
  unsigned decimals_;
  bool is_unsigned_;
  bool is_bytes_;
  my_bool is_null_ = 0;
  my_bool is_cut_ = 0;
  unsigned long length_ = 0;
  place place_{};
  std::string text_;  ///< as long as what it has room for
  std::string digits_;
  mysql_time_text time_text_;
};

/// The row of a result that was fetched last.
class mysql_row {
 public:
  /// Makes room for the rows of a statement that has run.
  void bind(const mysql_session& session, MYSQL_STMT* statement) {
    const std::span fields(mariadb_stmt_fetch_fields(statement), mysql_stmt_field_count(statement));
    cells_ = std::vector<mysql_cell>(fields.begin(), fields.end());
    values_.resize(cells_.size());
    rebind(session, statement);
  }

  /// Takes over what mysql_stmt_fetch has brought.
  void take(const mysql_session& session, MYSQL_STMT* statement) {
    bool has_grown = false;
    for (std::size_t c = 0; c < cells_.size(); ++c) {
      if (cells_[c].is_long()) {
        cells_[c].fetch_long(session, statement, static_cast<unsigned>(c));
        has_grown = true;
      }
      values_[c] = cells_[c].value();
    }
    if (has_grown) rebind(session, statement);
  }

  [[nodiscard]] std::span<const sql_value> values() const noexcept { return values_; }

 private:
  void rebind(const mysql_session& session, MYSQL_STMT* statement) {
    targets_.clear();
    for (mysql_cell& cell : cells_) targets_.push_back(cell.target());
    if (mysql_stmt_bind_result(statement, targets_.data()) != 0) throw session.error(statement);
  }

  std::vector<mysql_cell> cells_;  ///< stay where they are while they are bound
  std::vector<MYSQL_BIND> targets_;
  std::vector<sql_value> values_;
};

}  // namespace kindred::detail
