#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kindred {

namespace detail {

/// Shortest text that reads back as the same number.
template <class Number>
requires std::is_arithmetic_v<Number>
[[nodiscard]] std::string to_text(Number number) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, number);
  return {buffer, result.ptr};
}

/// `value` in quotes, cut short and with control characters masked, so that a message stays one
/// readable line whatever the input holds. An object and not a function: a call that passes a
/// std::string would also find, and prefer, std::quoted of an application's <iomanip>.
inline constexpr auto quoted = [](std::string_view value) {
  constexpr std::size_t longest = 60;
  std::string text = "'";
  for (const char c : value.substr(0, longest))
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (value.size() > longest) text += "... (" + to_text(value.size()) + " bytes)";
  return text += '\'';
};

}  // namespace detail

/// Base of everything that kindred throws, except std::bad_alloc.
class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The operating system refused: a file cannot be opened, read, written or renamed.
class io_error : public error {
 public:
  io_error(std::string path, std::string_view what)
      : error(path + ": " + std::string(what)), path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// Input that does not have the shape it should: where it stands and what was found there.
class format_error : public error {
 public:
  /// `line` and `column` count from 1; 0 means that there is none to name.
  format_error(std::string file, std::uint64_t line, std::uint64_t column, std::string value,
               std::string_view what)
      : error(message(file, line, column, value, what)),
        file_(std::move(file)),
        line_(line),
        column_(column),
        value_(std::move(value)) {}

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] std::uint64_t line() const noexcept { return line_; }
  [[nodiscard]] std::uint64_t column() const noexcept { return column_; }
  /// The offending text, whole; the message shows at most its first 60 bytes.
  [[nodiscard]] const std::string& value() const noexcept { return value_; }

 private:
  static std::string message(const std::string& file, std::uint64_t line, std::uint64_t column,
                             const std::string& value, std::string_view what) {
    std::string text = file;
    if (line > 0) text += ":" + detail::to_text(line);
    if (column > 0) text += ", column " + detail::to_text(column);
    text += ": " + std::string(what);
    if (!value.empty()) text += ": " + detail::quoted(value);
    return text;
  }

  std::string file_;
  std::uint64_t line_;
  std::uint64_t column_;
  std::string value_;
};

/// Data that is well formed and still cannot be used: no ratings, a duplicate where none may be.
class data_error : public error {
 public:
  using error::error;
};

/// An option outside its range.
class option_error : public error {
 public:
  option_error(std::string name, std::string value, std::string range)
      : error("option " + name + " = " + value + " is not in " + range),
        name_(std::move(name)),
        value_(std::move(value)),
        range_(std::move(range)) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& value() const noexcept { return value_; }
  [[nodiscard]] const std::string& range() const noexcept { return range_; }

 private:
  std::string name_;
  std::string value_;
  std::string range_;
};

/// A model was asked for something that only a fitted model has.
class not_fitted_error : public error {
 public:
  explicit not_fitted_error(std::string_view model)
      : error(std::string(model) + " is not fitted: call fit() or load it first") {}
};

/// Training left the finite numbers, usually because the learning rate is too high.
class divergence_error : public error {
 public:
  divergence_error(std::string_view model, int epoch, double learning_rate)
      : error(std::string(model) + " diverged in epoch " + detail::to_text(epoch) +
              " at learning rate " + detail::to_text(learning_rate)),
        epoch_(epoch),
        learning_rate_(learning_rate) {}

  /// Counted from 1.
  [[nodiscard]] int epoch() const noexcept { return epoch_; }
  [[nodiscard]] double learning_rate() const noexcept { return learning_rate_; }

 private:
  int epoch_;
  double learning_rate_;
};

/// A database refused, or cannot be reached.
class database_error : public error {
 public:
  /// `code` is the one of the server or the library behind `database`; `is_connection_lost` says
  /// that connecting anew may help.
  database_error(std::string_view database, int code, std::string_view what,
                 bool is_connection_lost = false)
      : error(std::string(database) + ": error " + detail::to_text(code) + ": " +
              std::string(what)),
        code_(code),
        is_connection_lost_(is_connection_lost) {}

  [[nodiscard]] int code() const noexcept { return code_; }
  [[nodiscard]] bool is_connection_lost() const noexcept { return is_connection_lost_; }

 private:
  int code_;
  bool is_connection_lost_;
};

/// A call of CUDA failed, or there is no device to call.
class cuda_error : public error {
 public:
  /// `call` says what was asked of CUDA, with sizes; `code` is CUDA's own; `place` is where in our
  /// code, as file:line.
  cuda_error(std::string call, int code, std::string_view what, std::string place)
      : error(call + ": " + std::string(what) + " (CUDA error " + detail::to_text(code) + " at " +
              place + ")"),
        call_(std::move(call)),
        place_(std::move(place)),
        code_(code) {}

  [[nodiscard]] const std::string& call() const noexcept { return call_; }
  [[nodiscard]] const std::string& place() const noexcept { return place_; }
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  std::string call_;
  std::string place_;
  int code_;
};

/// A std::stop_token asked long work to end; what it worked on is as it was before.
class cancelled : public error {
 public:
  explicit cancelled(std::string_view work) : error(std::string(work) + " was cancelled") {}
};

/// Throws option_error unless `valid`; call as `require_option(k > 0, "factors", k, "[1, 4096]")`.
template <class Value>
void require_option(bool valid, std::string_view name, const Value& value, std::string_view range) {
  if (valid) return;
  if constexpr (std::is_arithmetic_v<Value>)
    throw option_error(std::string(name), detail::to_text(value), std::string(range));
  else
    throw option_error(std::string(name), detail::quoted(value), std::string(range));
}

}  // namespace kindred
