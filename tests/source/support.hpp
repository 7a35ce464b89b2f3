#pragma once

#include <kindred/core/byte_reader.hpp>
#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/csv.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::test {

/// A rating as a source hands it out.
struct source_row {
  std::string user;
  std::string item;
  float value = 1;
  std::int64_t time = 0;
  float weight = 1;

  friend bool operator==(const source_row&, const source_row&) = default;
};

/// All that a source has.
struct source_contents {
  std::vector<source_row> rows;
  std::vector<std::uint64_t> lines;
  std::vector<rejected_row> rejected;
  bool has_times = false;
  bool has_weights = false;

  friend bool operator==(const source_contents& a, const source_contents& b) {
    const auto same = [](const rejected_row& x, const rejected_row& y) {
      return x.line == y.line && x.column == y.column && x.value == y.value && x.reason == y.reason;
    };
    return a.rows == b.rows && a.lines == b.lines && a.has_times == b.has_times &&
           a.has_weights == b.has_weights &&
           std::equal(a.rejected.begin(), a.rejected.end(), b.rejected.begin(), b.rejected.end(),
                      same);
  }
};

inline std::string id_text(const id_column& ids, std::size_t row) {
  return ids.texts.empty() ? std::to_string(ids.integers[row]) : std::string(ids.texts[row]);
}

template <rating_source Source>
source_contents contents_of(Source&& source) {
  source_contents all;
  for (rating_batch batch; source.next(batch);) {
    REQUIRE(batch.users.size() == batch.size());
    REQUIRE(batch.items.size() == batch.size());
    REQUIRE(batch.lines.size() == batch.size());
    for (std::size_t r = 0; r < batch.size(); ++r) {
      source_row row{id_text(batch.users, r), id_text(batch.items, r), batch.values[r]};
      if (!batch.times.empty()) row.time = batch.times.at(r);
      if (!batch.weights.empty()) row.weight = batch.weights.at(r);
      all.rows.push_back(std::move(row));
      all.lines.push_back(batch.lines[r]);
    }
    all.has_times |= !batch.times.empty();
    all.has_weights |= !batch.weights.empty();
    all.rejected.insert(all.rejected.end(), batch.rejected.begin(), batch.rejected.end());
  }
  return all;
}

inline source_contents contents_of_text(std::string text, csv_options options = {}) {
  return contents_of(csv_source::from_text(std::move(text), std::move(options)));
}

inline std::vector<source_row> rows_of_text(std::string text, csv_options options = {}) {
  source_contents all = contents_of_text(std::move(text), std::move(options));
  CHECK(all.rejected.empty());
  return std::move(all.rows);
}

/// Yields a text in small portions, as a pipe does.
class trickle_reader : public byte_reader {
 public:
  trickle_reader(std::string text, std::size_t portion)
      : text_(std::move(text)), portion_(portion) {}

  std::size_t read(std::span<char> space) override {
    const std::size_t count = std::min({portion_, space.size(), text_.size() - at_});
    std::copy_n(text_.data() + at_, count, space.data());
    at_ += count;
    return count;
  }
  [[nodiscard]] std::string_view name() const noexcept override { return "pipe"; }

 private:
  std::string text_;
  std::size_t portion_;
  std::size_t at_ = 0;
};

/// The error that `action` throws, of exactly that type.
template <class Error, class Action>
Error error_of(const Action& action) {
  try {
    action();
  } catch (const Error& e) {
    REQUIRE(typeid(e) == typeid(Error));
    return e;
  }
  FAIL("no such error");
  throw 0;
}

}  // namespace kindred::test
