#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace kindred {

/// Which column of a table holds something: by the name in its header, by its position from 1, or
/// found by the usual names.
class csv_column {
 public:
  /// By the usual names or, in a file without a header, at the usual place.
  csv_column() = default;
  csv_column(std::string name) : name_(std::move(name)), kind_(kind::named) {}  // NOLINT: a name is
  csv_column(const char* name) : csv_column(std::string(name)) {}               // NOLINT: a column
  csv_column(int position) : position_(position), kind_(kind::placed) {}        // NOLINT
  /// Not read, even if there is one.
  [[nodiscard]] static csv_column none() {
    csv_column column;
    column.kind_ = kind::none;
    return column;
  }

  [[nodiscard]] bool is_usual() const noexcept { return kind_ == kind::usual; }
  [[nodiscard]] bool is_named() const noexcept { return kind_ == kind::named; }
  [[nodiscard]] bool is_placed() const noexcept { return kind_ == kind::placed; }
  [[nodiscard]] bool is_none() const noexcept { return kind_ == kind::none; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] int position() const noexcept { return position_; }

 private:
  enum class kind { usual, named, placed, none };

  std::string name_;
  int position_ = 0;
  kind kind_ = kind::usual;
};

/// Whether the first row names the columns. It is taken to if a column is chosen by name, if one of
/// its fields is a usual name, or if it has three fields or more and none of them is a number.
enum class csv_header { detect, present, absent };

/// How `csv_source` reads a file. The defaults read MovieLens' files, and files of user, item,
/// rating and time in this order, with whatever delimiter.
///
/// Usual names, upper and lower case and signs aside: user, userId, uid, ...; item, itemId,
/// movieId, iid, product, ...; rating, score, value, stars, ...; timestamp, time, date, ts; weight.
struct csv_options {
  /// Text between fields, such as "," "\t" or "::". Empty: whichever of , tab :: ; | is most
  /// frequent in the first line, or else a space.
  std::string delimiter{};
  csv_header header = csv_header::detect;

  csv_column user{};    ///< without a header: the first column
  csv_column item{};    ///< without a header: the second
  csv_column rating{};  ///< without a header: the third; each value is 1 if there is none
  csv_column time{};    ///< without a header: the fourth; no times if there is none
  csv_column weight{};  ///< without a header: none

  /// A field that begins with a quote goes on to the next one, over delimiters and line ends (RFC
  /// 4180). Turn it off for text in which a quote is a character like any other.
  bool quoted = true;

  /// The unit of times that are plain numbers: 1 for seconds, 1000 for milliseconds.
  std::int64_t ticks_per_second = 1;

  /// A longer row is a bad row.
  std::size_t max_row_bytes = std::size_t{1} << 20;

  /// How much text is read at a time, which bounds the memory, and cut into pieces that are parsed
  /// in parallel; a piece makes one batch. Neither changes what is read.
  std::size_t window_bytes = std::size_t{32} << 20;
  std::size_t piece_bytes = std::size_t{1} << 19;
};

}  // namespace kindred
