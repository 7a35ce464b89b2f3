#pragma once

#include <kindred/core/byte_reader.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/mapped_file.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kindred {

/// What a gzip file (RFC 1952) holds, inflated as it is read. Several members, as concatenated
/// files have them, are one stream. Component kindred::zlib.
///
///   kindred::load(kindred::csv_source{kindred::gzip_file{"ratings.csv.gz"}})
///
/// The checksum of a member stands at its end: what is damaged may be handed out before it is known
/// to be.
class gzip_file final : public byte_reader {
 public:
  /// Throws io_error if the file cannot be opened or is a directory, format_error if it is empty or
  /// not a gzip file.
  explicit gzip_file(std::string path)
      : file_(std::move(path)), rest_(file_.text()), stream_(new z_stream{}) {
    if (rest_.empty()) fail("is empty");
    if (!begins_member()) fail("is not a gzip file");
    constexpr int gzip_only = 16;
    if (inflateInit2(stream_.get(), MAX_WBITS + gzip_only) != Z_OK) throw std::bad_alloc();
  }

  /// Throws format_error, with its place in the compressed file, where the file is damaged, ends
  /// inside a member or goes on with what is none.
  std::size_t read(std::span<char> space) override {
    const auto room =
        static_cast<uInt>(std::min<std::size_t>(space.size(), std::numeric_limits<uInt>::max()));
    stream_->next_out = reinterpret_cast<Bytef*>(space.data());
    stream_->avail_out = room;
    while (stream_->avail_out > 0 && (in_member_ || !rest_.empty())) inflate_some();
    return room - stream_->avail_out;
  }

  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }

 private:
  struct end_inflate {
    void operator()(z_stream* stream) const noexcept {
      inflateEnd(stream);
      delete stream;
    }
  };

  [[noreturn]] void fail(std::string_view what) const {
    throw format_error(file_.path(), 0, 0, {}, what);
  }
  [[nodiscard]] std::string place() const {
    return "byte " + detail::to_text(file_.size() - rest_.size());
  }

  [[nodiscard]] bool begins_member() const noexcept {
    constexpr std::string_view magic = "\x1f\x8b";
    return rest_.substr(0, magic.size()) == magic.substr(0, rest_.size());
  }

  void inflate_some() {
    if (!in_member_ && !begins_member()) fail("goes on behind its end at " + place());
    in_member_ = true;
    // In portions, since zlib counts in 32 bits, and so that what was read is let go of.
    const std::string_view portion = rest_.substr(0, std::size_t{1} << 20);
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(portion.data()));
    stream_->avail_in = static_cast<uInt>(portion.size());
    const int status = inflate(stream_.get(), Z_NO_FLUSH);
    consume(portion.size() - stream_->avail_in);
    if (status == Z_STREAM_END) {
      in_member_ = false;
      inflateReset(stream_.get());
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status == Z_BUF_ERROR) {
      fail("ends early, at " + place());
    } else if (status != Z_OK) {
      fail("is damaged before " + place() + ": " +
           (stream_->msg != nullptr ? stream_->msg : zError(status)));
    }
  }

  void consume(std::size_t bytes) noexcept {
    file_.release(file_.size() - rest_.size(), bytes);
    rest_.remove_prefix(bytes);
  }

  mapped_file file_;
  std::string_view rest_;                          ///< not inflated yet
  std::unique_ptr<z_stream, end_inflate> stream_;  ///< zlib holds its address
  bool in_member_ = false;
};

}  // namespace kindred
