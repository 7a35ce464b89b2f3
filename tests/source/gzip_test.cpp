#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/data/load.hpp>
#include <kindred/source/csv.hpp>
#include <kindred/source/gzip.hpp>

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../temporary_folder.hpp"
#include "support.hpp"

namespace kindred::gzip_test {

using namespace test;

namespace {

/// One gzip member that holds `text`, with what else its header may have.
std::string compress(std::string text, gz_header* header = nullptr) {
  z_stream stream = {};
  constexpr int gzip = 16;
  if (deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + gzip, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  if (header != nullptr) deflateSetHeader(&stream, header);
  std::string member(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(member.data());
  stream.avail_out = static_cast<uInt>(member.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  member.resize(stream.total_out);
  deflateEnd(&stream);
  return member;
}

/// All that a reader yields, in portions.
std::string text_of(byte_reader& reader, std::size_t portion = 1000) {
  std::string text;
  std::string space(portion, '\0');
  for (std::size_t got = 0; (got = reader.read(space)) > 0;) text.append(space, 0, got);
  return text;
}

/// Inflates files that hold the bytes it is given.
class inflater {
 public:
  std::string operator()(std::string_view bytes, std::size_t portion = 1000) const {
    gzip_file file(folder_.write("file.gz", bytes));
    return text_of(file, portion);
  }

  /// What it is refused with, after the path.
  std::string refusal_of(std::string_view bytes) const {
    const auto error = error_of<format_error>([&] { (*this)(bytes); });
    CHECK(error.file() == folder_.path("file.gz"));
    return std::string(error.what()).substr(error.file().size());
  }

 private:
  temporary_folder folder_;
};

std::string ratings(std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i)
    text += std::to_string(i * 7919 % 1009) + ',' + std::to_string(i * i % 997) + ",4.5\n";
  return text;
}

const std::string sample = ratings(20);

}  // namespace

TEST_CASE("gzip: what was compressed comes back, whatever the portions") {
  const inflater inflate;
  for (const std::size_t portion : {1U, 7U, 1000U, 1000000U}) {
    CHECK(inflate(compress(sample), portion) == sample);
    CHECK(inflate(compress(""), portion).empty());
  }
}

TEST_CASE("gzip: a file may be larger than what is inflated at once") {
  std::string noise(2'500'000, '\0');
  const counter_rng rng(1);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(rng.bits(i));
  CHECK(inflater()(compress(noise), 100'000) == noise);
}

TEST_CASE("gzip: a header may have a name, a comment, more and a checksum") {
  Bytef name[] = "ratings.csv";
  Bytef comment[] = "of films";
  Bytef extra[] = "KI\4\0data";
  gz_header header = {};
  header.name = name;
  header.comment = comment;
  header.extra = extra;
  header.extra_len = 8;
  header.hcrc = 1;
  CHECK(inflater()(compress(sample, &header)) == sample);
}

TEST_CASE("gzip: members that follow each other are one stream") {
  const std::string members = compress("a,b\n") + compress("") + compress(sample) + compress("c");
  for (const std::size_t portion : {1U, 1000U})
    CHECK(inflater()(members, portion) == "a,b\n" + sample + "c");
}

TEST_CASE("gzip: the end stays the end") {
  const temporary_folder folder;
  gzip_file file(folder.write("file.gz", compress(sample)));
  CHECK(text_of(file) == sample);
  CHECK(text_of(file).empty());
}

TEST_CASE("gzip: goes on where it was when it is moved") {
  static_assert(!std::is_copy_constructible_v<gzip_file>);
  const temporary_folder folder;
  const std::string path = folder.write("file.gz", compress(sample));
  gzip_file file(path);
  std::string begin(10, '\0');
  REQUIRE(file.read(begin) == 10);
  gzip_file moved = std::move(file);
  CHECK(begin + text_of(moved) == sample);
  CHECK(moved.name() == path);
  moved = gzip_file(path);
  CHECK(text_of(moved) == sample);
}

TEST_CASE("gzip: a file that cannot be read is an io_error with its path") {
  const temporary_folder folder;
  const auto message = [](const std::string& path) -> std::string {
    return error_of<io_error>([&] { gzip_file{path}; }).what();
  };
  CHECK(message(folder.path("gone.gz")) == folder.path("gone.gz") + ": No such file or directory");
  CHECK(message(folder.path()) == folder.path() + ": Is a directory");
}

TEST_CASE("gzip: what is no gzip file is refused at once") {
  const temporary_folder folder;
  const auto refuse = [&](std::string_view bytes) {
    const std::string path = folder.write("file", bytes);
    const format_error error = error_of<format_error>([&] { gzip_file{path}; });
    return std::string(error.what()).substr(path.size());
  };
  CHECK(refuse("") == ": is empty");
  CHECK(refuse("user,item\n") == ": is not a gzip file");
  CHECK(refuse("\x1f\x9d") == ": is not a gzip file");
}

TEST_CASE("gzip: a file that is cut short anywhere ends early") {
  const inflater inflate;
  const std::string whole = compress(sample);
  for (std::size_t size = 1; size < whole.size(); ++size)
    CHECK(inflate.refusal_of(whole.substr(0, size)) ==
          ": ends early, at byte " + std::to_string(size));
  CHECK(inflate.refusal_of(whole + whole.substr(0, 1)) ==
        ": ends early, at byte " + std::to_string(whole.size() + 1));
}

TEST_CASE("gzip: a flipped bit is noticed, or does not matter") {
  const inflater inflate;
  const std::string whole = compress(sample);
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    std::string inflated;
    try {
      inflated = inflate(flipped);
    } catch (const format_error&) {
      continue;
    }
    CHECK(inflated == sample);  // a header's time, say, is not protected
  }
}

TEST_CASE("gzip: damage is named, with its place") {
  const inflater inflate;
  const std::string whole = compress(sample);
  const std::size_t size = whole.size();
  std::string sum = whole;
  sum[size - 5] = static_cast<char>(sum[size - 5] + 1);
  CHECK(inflate.refusal_of(sum) ==
        ": is damaged before byte " + std::to_string(size - 4) + ": incorrect data check");
  std::string length = whole;
  length[size - 1] = 1;
  CHECK(inflate.refusal_of(length) ==
        ": is damaged before byte " + std::to_string(size) + ": incorrect length check");
  std::string method = whole;
  method[2] = 7;
  CHECK(inflate.refusal_of(method).find("unknown compression method") != std::string::npos);
}

TEST_CASE("gzip: what follows the last member and is none is refused") {
  const inflater inflate;
  const std::string whole = compress(sample);
  const std::string message = ": goes on behind its end at byte " + std::to_string(whole.size());
  CHECK(inflate.refusal_of(whole + "garbage") == message);
  CHECK(inflate.refusal_of(whole + '\0') == message);
}

TEST_CASE("gzip: an error stays an error") {
  const temporary_folder folder;
  const std::string whole = compress(sample);
  for (const std::string& bytes : {whole.substr(0, whole.size() / 2), whole + "x"}) {
    gzip_file file(folder.write("file.gz", bytes));
    for (int i = 0; i < 2; ++i) CHECK_THROWS_AS(text_of(file), format_error);
  }
}

TEST_CASE("gzip: csv_source reads what a window does not hold") {
  const temporary_folder folder;
  const std::string large = ratings(20'000);
  const std::string path = folder.write("ratings.csv.gz", compress(large));
  const auto expected = contents_of_text(large);
  for (const std::size_t window : {100U, 4096U, 1U << 25})
    CHECK(contents_of(csv_source(gzip_file(path), {.window_bytes = window})) == expected);
  CHECK(load(csv_source{gzip_file{path}}).size() > 1000);
}

TEST_CASE("gzip: csv_source passes damage on") {
  const temporary_folder folder;
  const std::string whole = compress(sample);
  const std::string path = folder.write("ratings.csv.gz", whole.substr(0, whole.size() - 1));
  CHECK_THROWS_WITH_AS(static_cast<void>(load(csv_source{gzip_file{path}})),
                       (path + ": ends early, at byte " + std::to_string(whole.size() - 1)).c_str(),
                       format_error);
}

}  // namespace kindred::gzip_test
