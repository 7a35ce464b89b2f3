#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/arrow_abi.hpp>

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace kindred::detail {

/// Owns a struct of the ABI, which is moved by its bytes and released once.
template <class Struct>
class arrow_owner {
 public:
  arrow_owner() = default;
  /// Takes over what is there, if anything, and leaves it marked as released.
  explicit arrow_owner(Struct* from) noexcept {
    if (from != nullptr) owned_ = std::exchange(*from, Struct{});
  }

  arrow_owner(const arrow_owner&) = delete;
  arrow_owner& operator=(const arrow_owner&) = delete;
  arrow_owner(arrow_owner&& other) noexcept : arrow_owner(&other.owned_) {}
  arrow_owner& operator=(arrow_owner&& other) noexcept {
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~arrow_owner() {
    if (owned_.release != nullptr) owned_.release(&owned_);
  }

  [[nodiscard]] explicit operator bool() const noexcept { return owned_.release != nullptr; }
  [[nodiscard]] Struct* get() noexcept { return &owned_; }
  [[nodiscard]] const Struct& operator*() const noexcept { return owned_; }
  [[nodiscard]] const Struct* operator->() const noexcept { return &owned_; }

 private:
  Struct owned_{};
};

/// A stream of record batches.
class arrow_stream {
 public:
  arrow_stream() = default;
  /// Takes the stream over. Throws format_error if there is none.
  arrow_stream(ArrowArrayStream* stream, std::string name)
      : name_(std::move(name)), stream_(stream) {
    if (!stream_ || stream_->get_schema == nullptr || stream_->get_next == nullptr)
      throw format_error(name_, 0, 0, {}, "is no stream, or one that has been released");
  }

  /// Throws io_error if the stream fails.
  [[nodiscard]] arrow_owner<ArrowSchema> schema() {
    ArrowSchema schema{};
    require(stream_->get_schema(stream_.get(), &schema), "tell its schema");
    return arrow_owner(&schema);
  }

  /// The next record batch; none at the end, and the stream is released. Throws io_error if the
  /// stream fails.
  [[nodiscard]] arrow_owner<ArrowArray> next() {
    ArrowArray array{};
    if (stream_) require(stream_->get_next(stream_.get(), &array), "go on");
    if (array.release == nullptr) stream_ = {};
    return arrow_owner(&array);
  }

 private:
  void require(int code, std::string_view what) {
    if (code == 0) return;
    const char* reason = nullptr;
    if (stream_->get_last_error != nullptr) reason = stream_->get_last_error(stream_.get());
    throw io_error(name_, "the stream cannot " + std::string(what) + " (error " + to_text(code) +
                              ", " + std::generic_category().message(code) +
                              "): " + (reason != nullptr ? reason : "it gives no reason"));
  }

  std::string name_;
  arrow_owner<ArrowArrayStream> stream_;
};

}  // namespace kindred::detail
