#pragma once

#include <kindred/core/byte_reader.hpp>
#include <kindred/core/mapped_file.hpp>
#include <kindred/core/shared_array.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kindred::detail {

/// Text from wherever it comes, in one forward pass: look at what follows, take it away.
class text_feed {
 public:
  explicit text_feed(mapped_file file) : rest_(file.text()), file_(std::move(file)) {}

  explicit text_feed(std::string text)
      : text_(std::make_shared<const std::string>(std::move(text))), rest_(*text_) {}

  explicit text_feed(std::unique_ptr<byte_reader> reader) : reader_(std::move(reader)) {}

  /// What follows, `bytes` of it, or less if the input ends before. Valid until the next call.
  [[nodiscard]] std::string_view peek(std::size_t bytes) {
    if (reader_ && rest_.size() < bytes) fill(bytes);
    return rest_.substr(0, bytes);
  }

  /// Takes away the first `bytes` of what peek() showed.
  void consume(std::size_t bytes) noexcept {
    if (!reader_ && !text_)
      file_.release(static_cast<std::size_t>(rest_.data() - file_.data()), bytes);
    rest_.remove_prefix(bytes);
  }

 private:
  void fill(std::size_t bytes) {
    if (buffer_.size() < bytes) {
      // Not by resize: at -O3, g++ 12 takes its copying for a write out of bounds, and says so.
      aligned_vector<char> larger(bytes);
      std::copy(rest_.begin(), rest_.end(), larger.begin());
      buffer_.swap(larger);
    } else {
      std::copy(rest_.begin(), rest_.end(), buffer_.begin());
    }
    std::size_t size = rest_.size();
    while (size < bytes && !ended_) {
      const std::size_t got = reader_->read({buffer_.data() + size, bytes - size});
      size += got;
      ended_ = got == 0;
    }
    rest_ = {buffer_.data(), size};
  }

  std::shared_ptr<const std::string> text_;
  std::string_view rest_;
  mapped_file file_;
  std::unique_ptr<byte_reader> reader_;
  aligned_vector<char> buffer_;
  bool ended_ = false;
};

}  // namespace kindred::detail
