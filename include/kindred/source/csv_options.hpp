#pragma once

#include <kindred/source/column_choice.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace kindred {

/// Whether the first row names the columns. It is taken to if a column is chosen by name, if one of
/// its fields is a usual name, or if it has three fields or more and none of them is a number.
enum class csv_header { detect, present, absent };

/// How `csv_source` reads a file. The defaults read MovieLens' files, and files of user, item,
/// rating and time in this order, with whatever delimiter.
struct csv_options {
  /// Text between fields, such as "," "\t" or "::". Empty: whichever of , tab :: ; | is most
  /// frequent in the first line, or else a space.
  std::string delimiter{};
  csv_header header = csv_header::detect;

  column_choice user{};    ///< without a header: the first column
  column_choice item{};    ///< without a header: the second
  column_choice rating{};  ///< without a header: the third; each value is 1 if there is none
  column_choice time{};    ///< without a header: the fourth; no times if there is none
  column_choice weight{};  ///< without a header: none

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
