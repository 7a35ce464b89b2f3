// Random tables are written in random styles and read back, in windows and pieces of any size, on
// any number of threads.
#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/source/csv.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "support.hpp"

namespace kindred::csv_random_test {

using namespace test;

namespace {

/// Random choices, one after another.
class dice {
 public:
  explicit dice(std::uint64_t seed) : rng_(seed) {}

  std::uint64_t bits() { return rng_.bits(drawn_++); }
  std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>(rng_.below(drawn_++, static_cast<std::uint32_t>(bound)));
  }
  bool chance(std::size_t percent) { return below(100) < percent; }
  template <class Choices>
  auto one_of(const Choices& choices) {
    return choices[below(std::size(choices))];
  }

 private:
  counter_rng rng_;
  std::uint64_t drawn_ = 0;
};

constexpr std::size_t user = 0;
constexpr std::size_t item = 1;
constexpr std::size_t rating = 2;
constexpr std::size_t time = 3;
constexpr std::size_t note = 4;  // what nobody reads
constexpr std::string_view names[] = {"user", "item", "rating", "time", "note"};
constexpr std::size_t roles = std::size(names);

/// A table as text, and what must be read from it.
class random_table {
 public:
  explicit random_table(std::uint64_t seed) : dice_(seed) {
    constexpr std::string_view delimiters[] = {",", "\t", ";", "|", "::", "<=>", " "};
    delimiter_ = dice_.one_of(delimiters);
    line_end_ = dice_.chance(50) ? "\n" : "\r\n";
    quotes_ = dice_.chance(70);
    for (std::size_t i = roles; i > 1; --i) std::swap(order_[i - 1], order_[dice_.below(i)]);
    for (std::size_t place = 0; place < roles; ++place) add_field(place, names[order_[place]]);
    contents_.has_times = true;
    const std::size_t rows = 1 + dice_.below(60);
    for (std::size_t r = 0; r < rows; ++r) {
      end_line();
      if (dice_.chance(5)) end_line();
      if (dice_.chance(15))
        add_bad_row();
      else
        add_row();
    }
    if (dice_.chance(50)) end_line();
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::string& delimiter() const noexcept { return delimiter_; }
  [[nodiscard]] const source_contents& contents() const noexcept { return contents_; }

 private:
  /// Every line end is written here, or by a quoted field.
  void end_line() {
    text_ += dice_.chance(90) ? line_end_ : "\n";
    ++line_;
  }

  void add_field(std::size_t place, std::string_view content) {
    if (place > 0) text_ += delimiter_;
    const bool needs_quotes = content.find_first_of(delimiter_ + "\"\r\n ") != content.npos;
    if (!needs_quotes && !(quotes_ && dice_.chance(30))) {
      text_ += content;
      return;
    }
    text_ += '"';
    for (const char c : content) text_ += c == '"' ? std::string("\"\"") : std::string(1, c);
    text_ += '"';
    line_ += static_cast<std::uint64_t>(std::count(content.begin(), content.end(), '\n'));
  }

  std::string random_id() {
    if (dice_.chance(60)) return std::to_string(static_cast<std::int64_t>(dice_.below(1000)) - 100);
    if (dice_.chance(20)) return std::to_string(static_cast<std::int64_t>(dice_.bits()));
    constexpr std::string_view pieces[] = {"a", "Zoë", "0", "7", "-", "+", ".", "x1", "\xff", "::"};
    constexpr std::string_view special[] = {",", "\"", "\n", "\r\n", ";", " ", "\t", "|", "\"\""};
    std::string id(1, 'i');
    for (std::size_t n = dice_.below(12); n > 0; --n)
      id += quotes_ && dice_.chance(30) ? dice_.one_of(special) : dice_.one_of(pieces);
    return id;
  }

  std::pair<std::string, float> random_rating() {
    float value = 0.5F * static_cast<float>(dice_.below(11));
    if (dice_.chance(20)) {
      do {
        const auto bits = static_cast<std::uint32_t>(dice_.bits());
        std::memcpy(&value, &bits, sizeof value);
      } while (!std::isfinite(value));
    }
    char exact[32];
    static_cast<void>(std::snprintf(exact, sizeof exact, "%.9g", static_cast<double>(value)));
    return {dice_.chance(50) ? exact : detail::to_text(value), value};
  }

  void add_row() {
    const auto [number, value] = random_rating();
    const auto seconds = static_cast<std::int64_t>(dice_.bits() >> dice_.below(64));
    source_row row{random_id(), random_id(), value, seconds};
    contents_.lines.push_back(line_);
    write({row.user, row.item, number, std::to_string(seconds), random_id()});
    contents_.rows.push_back(std::move(row));
  }

  void write(const std::array<std::string, roles>& fields) {
    for (std::size_t place = 0; place < roles; ++place) add_field(place, fields[order_[place]]);
  }

  void add_bad_row() {
    std::array<std::string, roles> fields = {"u", "i", "1", "2", "3"};
    const std::uint64_t line = line_;
    const auto reject = [&](std::size_t role, std::string reason) {
      fields[role] = role < rating ? "" : "x" + random_id();
      contents_.rejected.push_back({line, place_of(role) + 1, fields[role], std::move(reason)});
      write(fields);
    };
    switch (dice_.below(6)) {
      case 0:
        return reject(user, "user id is empty");
      case 1:
        return reject(item, "item id is empty");
      case 2:
        return reject(rating, "rating is not a number");
      case 3:
        return reject(time, "time is neither a number nor a date");
      case 4:
        return add_short_row();
      default:
        return add_broken_quote();
    }
  }

  [[nodiscard]] std::size_t place_of(std::size_t role) const {
    return static_cast<std::size_t>(std::find(order_.begin(), order_.end(), role) - order_.begin());
  }

  void add_short_row() {
    const std::size_t needed = place_of(note) == roles - 1 ? roles - 1 : roles;
    contents_.rejected.push_back(
        {line_, 0, "short", "row has 1 of " + std::to_string(needed) + " columns"});
    text_ += "short";
  }

  void add_broken_quote() {
    const std::size_t place = dice_.below(roles);
    for (std::size_t before = 0; before < place; ++before) text_ += "1" + delimiter_;
    std::string rest = "\"quoted\"and more";
    for (std::size_t after = place + 1; after < roles; ++after) rest += delimiter_ + "2";
    contents_.rejected.push_back({line_, place + 1, rest, "text behind a closing quote"});
    text_ += rest;
  }

  dice dice_;
  std::string delimiter_;
  std::string line_end_;
  bool quotes_ = false;
  std::array<std::size_t, roles> order_ = {user, item, rating, time, note};
  std::string text_;
  source_contents contents_;
  std::uint64_t line_ = 1;
};

/// Rows of `row_bytes`, made up as they are read, counted.
class endless_reader final : public byte_reader {
 public:
  static constexpr std::size_t row_bytes = 16;

  endless_reader(std::size_t rows, std::size_t& produced) : rows_(rows), produced_(&produced) {}

  std::size_t read(std::span<char> space) override {
    const std::size_t count = std::min(space.size(), rows_ * row_bytes - *produced_);
    for (std::size_t i = 0; i < count; ++i) space[i] = at((*produced_)++);
    return count;
  }
  [[nodiscard]] std::string_view name() const noexcept override { return "endless"; }

  [[nodiscard]] static std::string row(std::size_t number) {
    char text[row_bytes + 1];
    static_cast<void>(std::snprintf(text, sizeof text, "%09zu,%02zu,%zu\n", number % 1000000000,
                                    number % 97, number % 10));
    return text;
  }

 private:
  char at(std::size_t byte) {
    if (byte % row_bytes == 0) row_ = row(byte / row_bytes);
    return row_[byte % row_bytes];
  }

  std::size_t rows_;
  std::size_t* produced_;
  std::string row_;
};

}  // namespace

TEST_CASE("csv: random tables are read as they were written, bad rows where they are") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const random_table table(seed);
    dice dice(seed + 1'000'000);
    for (const int threads : {1, 2, 8}) {
      const csv_options options{.delimiter = table.delimiter(),
                                .window_bytes = 1 + dice.below(dice.chance(50) ? 100 : 5000),
                                .piece_bytes = 1 + dice.below(dice.chance(50) ? 30 : 1000)};
      const std::size_t portion = 1 + dice.below(2000);
      CAPTURE(options.window_bytes);
      CAPTURE(options.piece_bytes);
      on_threads(threads, [&] {
        CHECK(contents_of_text(table.text(), options) == table.contents());
        csv_source pipe(trickle_reader(table.text(), portion), options);
        CHECK(contents_of(pipe) == table.contents());
      });
    }
  }
}

TEST_CASE("csv: windows, pieces and threads do not change what is read, whatever the text") {
  constexpr std::string_view pieces[] = {"a",  "1",    ",", ",",    "\"",
                                         "\n", "\r\n", " ", "\"\"", "1,2\n"};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    dice dice(seed);
    std::string text = "1,2\n";
    for (std::size_t n = dice.below(1000); n > 0; --n) text += dice.one_of(pieces);
    if (dice.chance(30)) {
      const std::string endless(300 + dice.below(300), 'x');
      text.insert(4 + dice.below(text.size() - 3), endless);
    }
    csv_options options{.delimiter = ",",
                        .header = csv_header::absent,
                        .max_row_bytes = 3 + dice.below(dice.chance(50) ? 20 : 400)};
    const source_contents expected = contents_of_text(text, options);
    for (const int threads : {1, 2, 8}) {
      options.window_bytes = 1 + dice.below(dice.chance(50) ? 50 : 1000);
      options.piece_bytes = 1 + dice.below(100);
      CAPTURE(options.max_row_bytes);
      CAPTURE(options.window_bytes);
      const std::size_t portion = 1 + dice.below(1000);
      on_threads(threads, [&] {
        CHECK(contents_of_text(text, options) == expected);
        CHECK(contents_of(csv_source(trickle_reader(text, portion), options)) == expected);
      });
    }
  }
}

TEST_CASE("csv: no more of a stream is held than a window") {
  constexpr std::size_t rows = 200'000;
  constexpr std::size_t window = 10'000;
  constexpr std::size_t longest_row = 1000;
  for (const int threads : {1, 2, 8}) {
    on_threads(threads, [&] {
      std::size_t produced = 0;
      csv_source source(
          endless_reader(rows, produced),
          {.max_row_bytes = longest_row, .window_bytes = window, .piece_bytes = 1000});
      std::size_t read = 0;
      bool is_bounded = true;
      for (rating_batch batch; source.next(batch); read += batch.size())
        is_bounded &= produced - read * endless_reader::row_bytes <= window + longest_row + 64;
      CHECK(is_bounded);
      CHECK(read == rows);
    });
  }
}

}  // namespace kindred::csv_random_test
