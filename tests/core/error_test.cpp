#include <kindred/core/error.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iomanip>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace kindred::error_test {

TEST_CASE("errors: all are kindred::error, which is a std::runtime_error") {
  static_assert(std::is_base_of_v<std::runtime_error, error>);
  static_assert(std::is_base_of_v<error, io_error>);
  static_assert(std::is_base_of_v<error, format_error>);
  static_assert(std::is_base_of_v<error, data_error>);
  static_assert(std::is_base_of_v<error, option_error>);
  static_assert(std::is_base_of_v<error, not_fitted_error>);
  static_assert(std::is_base_of_v<error, divergence_error>);
  static_assert(std::is_base_of_v<error, cancelled>);
  // What is thrown is copied, and that must not throw.
  static_assert(std::is_nothrow_copy_constructible_v<error>);
  CHECK_THROWS_AS(throw cancelled("load"), std::runtime_error);
}

TEST_CASE("io_error: path and what happened") {
  const io_error e("/a/b.csv", "permission denied");
  CHECK(std::string(e.what()) == "/a/b.csv: permission denied");
  CHECK(e.path() == "/a/b.csv");
}

TEST_CASE("format_error: file, line, column and value, as far as there are any") {
  const format_error e("r.csv", 12, 3, "4x", "not a number");
  CHECK(std::string(e.what()) == "r.csv:12, column 3: not a number: '4x'");
  CHECK(e.file() == "r.csv");
  CHECK(e.line() == 12);
  CHECK(e.column() == 3);
  CHECK(e.value() == "4x");
  CHECK(std::string(format_error("r.csv", 12, 0, "", "too short").what()) == "r.csv:12: too short");
  CHECK(std::string(format_error("r.csv", 0, 0, "", "no header").what()) == "r.csv: no header");
}

TEST_CASE("format_error: a long or binary value keeps the message one short line") {
  const std::string value = std::string("a\nb\0c\x7f", 6) + std::string(1000, 'z');
  const format_error e("f", 1, 1, value, "odd");
  const std::string message = e.what();
  CHECK(e.value() == value);
  CHECK(message == "f:1, column 1: odd: 'a?b?c?" + std::string(54, 'z') + "... (1006 bytes)'");
}

TEST_CASE("quoted: is not std::quoted, whatever it is called with") {
  using detail::quoted;
  std::string text = "a";
  const std::string fixed = "b";
  CHECK(std::string("c") + quoted(text) + quoted(fixed) + quoted(text + fixed) == "c'a''b''ab'");
}

TEST_CASE("quoted: up to 60 bytes whole, more cut") {
  CHECK(detail::quoted("") == "''");
  CHECK(detail::quoted("Léon") == "'Léon'");
  CHECK(detail::quoted(std::string(60, 'x')) == "'" + std::string(60, 'x') + "'");
  CHECK(detail::quoted(std::string(61, 'x')) == "'" + std::string(60, 'x') + "... (61 bytes)'");
}

TEST_CASE("to_text: the shortest text that reads back") {
  CHECK(detail::to_text(0.1) == "0.1");
  CHECK(detail::to_text(0.1F) == "0.1");
  CHECK(detail::to_text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(detail::to_text(std::nan("")) == "nan");
  CHECK(std::strtod(detail::to_text(-std::numeric_limits<double>::denorm_min()).c_str(), nullptr) ==
        -std::numeric_limits<double>::denorm_min());
}

TEST_CASE("require_option: name, value and range") {
  CHECK_NOTHROW(require_option(true, "factors", 3, "[1, 4096]"));
  try {
    require_option(false, "factors", 0, "[1, 4096]");
    FAIL("no error");
  } catch (const option_error& e) {
    CHECK(std::string(e.what()) == "option factors = 0 is not in [1, 4096]");
    CHECK(e.name() == "factors");
    CHECK(e.value() == "0");
    CHECK(e.range() == "[1, 4096]");
  }
  CHECK_THROWS_WITH_AS(require_option(false, "mode", "fast", "{slow}"),
                       "option mode = 'fast' is not in {slow}", option_error);
}

TEST_CASE("the other errors: what they say") {
  CHECK(std::string(not_fitted_error("item_knn").what()) ==
        "item_knn is not fitted: call fit() or load it first");
  const divergence_error e("matrix_factorization", 3, 0.5);
  CHECK(std::string(e.what()) == "matrix_factorization diverged in epoch 3 at learning rate 0.5");
  CHECK(e.epoch() == 3);
  CHECK(e.learning_rate() == 0.5);
  CHECK(std::string(cancelled("fit").what()) == "fit was cancelled");
}

}  // namespace kindred::error_test
