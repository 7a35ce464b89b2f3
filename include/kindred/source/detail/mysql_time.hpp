#pragma once

#include <mysql.h>

#include <string_view>

namespace kindred::detail {

/// Writes dates and times as the server spells them.
class mysql_time_text {
 public:
  /// `type` is the column's: DATE, DATETIME, TIMESTAMP or TIME. `decimals` digits of a second are
  /// written; where the server does not say how many there are (> 6), six or none. Valid until the
  /// next call.
  [[nodiscard]] std::string_view write(const MYSQL_TIME& time, enum_field_types type,
                                       unsigned decimals) noexcept {
    end_ = buffer_;
    if (type != MYSQL_TYPE_TIME) {
      two(time.year / 100);
      two(time.year % 100);
      put('-');
      two(time.month);
      put('-');
      two(time.day);
      if (type == MYSQL_TYPE_DATE) return text();
      put(' ');
    } else if (time.neg != 0) {
      put('-');
    }
    if (time.hour >= 100) put(static_cast<char>('0' + time.hour / 100 % 10));  // TIME: up to 838
    two(time.hour % 100);
    put(':');
    two(time.minute);
    put(':');
    two(time.second);
    fraction(time.second_part, decimals);
    return text();
  }

 private:
  void put(char c) noexcept { *end_++ = c; }
  void two(unsigned number) noexcept {
    put(static_cast<char>('0' + number / 10 % 10));
    put(static_cast<char>('0' + number % 10));
  }
  void fraction(unsigned long microseconds, unsigned decimals) noexcept {
    if (decimals > 6) decimals = microseconds == 0 ? 0 : 6;
    if (decimals == 0) return;
    put('.');
    unsigned long unit = 100000;
    for (; decimals > 0; --decimals, unit /= 10)
      put(static_cast<char>('0' + microseconds / unit % 10));
  }
  [[nodiscard]] std::string_view text() const noexcept { return {buffer_, end_}; }

  char buffer_[32];  ///< 26 are ever used
  char* end_ = buffer_;
};

}  // namespace kindred::detail
