#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/arrow_abi.hpp>
#include <kindred/source/arrow_options.hpp>
#include <kindred/source/detail/arrow_layout.hpp>
#include <kindred/source/detail/arrow_reader.hpp>
#include <kindred/source/detail/arrow_stream.hpp>

#include <memory>
#include <string>
#include <utility>

namespace kindred {

/// Ratings from what speaks the Arrow C data or C stream interface, as DuckDB, pyarrow, polars and
/// readers of Parquet do. No library of theirs is needed, and columns are not copied: rows are read
/// where they lie, and texts of a batch are views of them.
///
///   ArrowArrayStream stream;
///   produce_into(&stream);  // for example pyarrow's RecordBatchReader._export_to_c
///   kindred::load(kindred::arrow_source{&stream});
///
/// Ids are integers or utf8, large_utf8 or utf8_view; ratings and weights booleans, integers, half,
/// float, double or decimals; times the same numbers, dates, or timestamps, which count as UTC if
/// they have no zone. Any of them may be dictionary-encoded. Columns that are not read may be of
/// any type.
///
/// Rows with NULL in a column that is read, and those that csv_source would refuse, too, are
/// reported in `rating_batch::rejected`: by row from 1 and column from 1.
///
/// What comes through the interface is checked as far as it can be. How long its buffers and lists
/// are is not a part of it, though: one that is too short for its array goes undetected.
class arrow_source {
 public:
  /// Reads a stream. It is taken over, even if that throws: what `stream` points to is left marked
  /// as released. `name` stands for a path in messages.
  ///
  /// Throws format_error if it has been released, or its schema is not that of record batches, or
  /// lacks a column, or has one of a type that cannot be read; io_error if it fails; option_error.
  explicit arrow_source(ArrowArrayStream* stream, const arrow_options& options = {},
                        std::string name = "arrow")
      : name_(std::move(name)), stream_(stream, name_) {
    make_reader(stream_.schema(), options);
  }

  /// Reads one record batch, or array of structs. Both are taken over, as a stream is; throws the
  /// same, and format_error if they contradict each other.
  arrow_source(ArrowSchema* schema, ArrowArray* array, const arrow_options& options = {},
               std::string name = "arrow")
      : name_(std::move(name)), array_(array) {
    make_reader(detail::arrow_owner(schema), options);
    reader_->open(*array_);
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Reads on, some ten thousand rows at a time; false at the end, when all is released. Throws
  /// io_error, with the number and the text that the stream gives, if it fails, and format_error
  /// for an array that is not what the schema says, or contradicts itself.
  bool next(rating_batch& batch) {
    batch.clear();
    while (!reader_->has_rows()) {
      array_ = {};  // before memory is taken for another
      array_ = stream_.next();
      if (!array_) return false;
      reader_->open(*array_);
    }
    reader_->read(batch);
    return true;
  }

 private:
  void make_reader(detail::arrow_owner<ArrowSchema> schema, const arrow_options& options) {
    require_option(options.ticks_per_second > 0, "ticks_per_second", options.ticks_per_second,
                   "[1, ...)");
    reader_ = std::make_unique<detail::arrow_reader>(detail::arrow_layout(*schema, name_, options),
                                                     options.ticks_per_second);
  }

  std::string name_;
  detail::arrow_stream stream_;  ///< none if there is but one array
  detail::arrow_owner<ArrowArray> array_;
  std::unique_ptr<detail::arrow_reader> reader_;
};

}  // namespace kindred
