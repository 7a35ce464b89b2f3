#pragma once

#include <kindred/core/byte_reader.hpp>
#include <kindred/core/mapped_file.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/csv_options.hpp>
#include <kindred/source/detail/csv_cut.hpp>
#include <kindred/source/detail/csv_head.hpp>
#include <kindred/source/detail/csv_piece.hpp>
#include <kindred/source/detail/csv_row.hpp>
#include <kindred/source/detail/text_feed.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// Ratings from delimited text: CSV, TSV, MovieLens' "::" and the like. A file is mapped into
/// memory, parsed in parallel in the caller's TBB arena, and let go of behind, so that it may be
/// larger than the memory: about four times `csv_options::window_bytes` are held at once.
///
/// Batches come in the order of the file and are the same on any number of threads. Bad rows (a
/// missing field, text in a number, NaN, an empty id, an open quote, too long a row) are reported
/// in `rating_batch::rejected` with line, column and value. Blank lines are skipped, spaces around
/// a field that is not quoted are dropped, numbers have a decimal point in any locale, and times
/// are what parse_time() reads.
///
/// The constructors read the beginning of the file. They throw io_error if it cannot be read, and
/// format_error if it is empty, has a header and nothing else, lacks a column, or is compressed.
class csv_source {
 public:
  explicit csv_source(const std::string& path, csv_options options = {})
      : csv_source(path, detail::text_feed(mapped_file(path)), std::move(options)) {}

  /// Reads what `reader` yields, for example a gzip_file.
  template <std::derived_from<byte_reader> Reader>
  explicit csv_source(Reader reader, csv_options options = {})
      : csv_source(std::make_unique<Reader>(std::move(reader)), std::move(options)) {}

  explicit csv_source(std::unique_ptr<byte_reader> reader, csv_options options = {})
      : name_(reader->name()), options_(std::move(options)), feed_(std::move(reader)) {
    read_head();
  }

  /// Reads the text itself; `name` stands for a path in messages.
  [[nodiscard]] static csv_source from_text(std::string text, csv_options options = {},
                                            std::string name = "text") {
    return {std::move(name), detail::text_feed(std::move(text)), std::move(options)};
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Reads on; false at the end. Throws what the reader throws. O(window_bytes) now and then.
  bool next(rating_batch& batch) {
    batch.clear();
    while (next_piece_ == pieces_in_use_)
      if (!read_window()) return false;
    detail::csv_piece& piece = pieces_[next_piece_++];
    std::swap(batch, piece.batch);
    for (std::uint64_t& line : batch.lines) line += lines_;
    for (rejected_row& row : batch.rejected) row.line += lines_;
    lines_ += piece.lines;
    return true;
  }

 private:
  csv_source(std::string name, detail::text_feed feed, csv_options options)
      : name_(std::move(name)), options_(std::move(options)), feed_(std::move(feed)) {
    read_head();
  }

  void read_head() {
    const detail::csv_head head(feed_, name_, options_);
    format_ = head.format();
    lines_ = head.lines();
  }

  bool read_window() {
    feed_.consume(std::exchange(window_, 0));
    next_piece_ = pieces_in_use_ = 0;
    for (std::size_t bytes = options_.window_bytes;; bytes *= 2) {
      const std::string_view text = feed_.peek(bytes);
      if (text.empty()) return false;
      const bool is_last = text.size() < bytes;
      parse(text, is_last);
      if (window_ > 0 || skip_endless_row(text, is_last)) return true;
    }
  }

  /// Reads what `text` has of whole rows. Each piece begins behind a line end, which is taken for a
  /// row end. Where it turns out to be in quotes the piece is read again, from the next row.
  void parse(std::string_view text, bool is_last) {
    detail::cut_lines(text, is_last, options_.piece_bytes, cuts_);
    use_pieces(cuts_.size() - 1);
    std::vector<std::size_t> ends(pieces_in_use_);
    parallel_for(pieces_in_use_, 1, [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i)
        ends[i] = pieces_[i].parse(format_, text, is_last, cuts_[i], cuts_[i + 1]);
    });
    for (std::size_t i = 0; i < pieces_in_use_; ++i) {
      if (cuts_[i] != window_)
        ends[i] = pieces_[i].parse(format_, text, is_last, window_, cuts_[i + 1]);
      window_ = ends[i];
      if (window_ < cuts_[i + 1]) pieces_in_use_ = i + 1;
    }
  }

  /// Rejects a row that is bad and goes on behind `text`, and drops it without holding it in
  /// memory. False if nothing is wrong with it but that the text ends too soon.
  bool skip_endless_row(std::string_view text, bool is_last) {
    // What is reported of it must not depend on the window.
    if (!is_last && text.size() < options_.max_row_bytes + detail::csv_scanner::trouble_bytes)
      return false;
    detail::csv_scanner scanner(format_.dialect, text, is_last, 0);
    const detail::row_status status = scanner.scan(text.data());
    if (status == detail::row_status::cut_off) return false;
    use_pieces(1);
    pieces_[0].reject(format_, status, scanner);
    std::size_t line_end = text.npos;
    while (line_end == text.npos && !text.empty()) {
      feed_.consume(text.size());
      text = feed_.peek(options_.window_bytes);
      line_end = text.find('\n');
    }
    if (line_end != text.npos) feed_.consume(line_end + 1);
    ++pieces_[0].lines;
    return true;
  }

  void use_pieces(std::size_t count) {
    if (pieces_.size() < count) pieces_.resize(count);
    pieces_in_use_ = count;
  }

  std::string name_;
  csv_options options_;
  detail::text_feed feed_;
  detail::csv_format format_;
  std::vector<std::size_t> cuts_;
  std::vector<detail::csv_piece> pieces_;
  std::size_t pieces_in_use_ = 0;
  std::size_t next_piece_ = 0;
  std::size_t window_ = 0;   ///< bytes of the window that the pieces show, not consumed yet
  std::uint64_t lines_ = 0;  ///< before the next piece
};

}  // namespace kindred
