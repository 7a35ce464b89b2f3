#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/io/save.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support.hpp"
#include "table_model.hpp"

namespace kindred::save_test {

namespace {

using test::read_file;
using test::table_model;

constexpr load_model_options unverified{.verify_checksum = false};

struct other_model {
  static constexpr std::string_view kind = "other";
  template <class Reader>
  static other_model read(const Reader&) {
    return {};
  }
};

std::string saved(const temporary_folder& folder, const table_model& model) {
  save(model, folder.path("model"));
  return folder.path("model");
}

std::size_t header_size(const std::string& bytes) {
  std::uint64_t size = 0;
  std::memcpy(&size, bytes.data(), 8);
  return static_cast<std::size_t>(size);
}

template <class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const format_error& error) {
    return error.what();
  }
  return "no format_error";
}

/// `bytes`, with a header changed from `from` to `to`, filled up with space, and a checksum to
/// match: what a hostile writer makes.
std::string forged(std::string bytes, std::string_view from, std::string_view to) {
  const std::size_t end = 8 + header_size(bytes);
  std::string header = bytes.substr(8, end - 8);
  header.replace(header.find(from), from.size(), to);
  while (header.size() + 8 < end) header += ' ';
  while (header.size() + 8 > end && header.back() == ' ') header.pop_back();
  const std::uint64_t length = header.size();
  std::string forgery(8, '\0');
  std::memcpy(forgery.data(), &length, 8);
  forgery += header + bytes.substr(end);
  const std::size_t at = forgery.find(R"("checksum":")") + 12;
  forgery.replace(at, 8, detail::checksum_text(detail::checksum_of(forgery, at)));
  return forgery;
}

}  // namespace

TEST_CASE("a model that is saved and loaded is the same") {
  const temporary_folder folder;
  for (const std::size_t rows : {0U, 1U, 7U, 16U, 1000U}) {
    CAPTURE(rows);
    const table_model model(rows, rows);
    const std::string path = saved(folder, model);
    CHECK(load_model<table_model>(path) == model);
    CHECK(load_model<table_model>(path, unverified) == model);
    CHECK(test::count_files(folder) == 1);
  }
}

TEST_CASE("saving twice gives the same file, also from a model that was loaded") {
  const temporary_folder folder;
  const table_model model(20, 3);
  const std::string bytes = read_file(saved(folder, model));
  CHECK(read_file(saved(folder, model)) == bytes);
  save(load_model<table_model>(folder.path("model")), folder.path("model"));
  CHECK(read_file(folder.path("model")) == bytes);
}

TEST_CASE("a loaded model outlives its reader, its original and its file") {
  const temporary_folder folder;
  const table_model model(500, 1);
  const std::string path = saved(folder, model);
  auto original = std::make_unique<table_model>(load_model<table_model>(path));
  const table_model copy = *original;
  original.reset();
  saved(folder, table_model(100, 2));  // another file in its place
  CHECK(copy == model);
  std::filesystem::remove(path);
  CHECK(copy == model);
}

TEST_CASE("a model file that is cut anywhere is a format_error") {
  const temporary_folder folder;
  const std::string path = saved(folder, table_model(4, 1));
  for (std::size_t size = read_file(path).size(); size-- > 0;) {
    std::filesystem::resize_file(path, size);
    REQUIRE_THROWS_AS((void)load_model<table_model>(path), format_error);
    REQUIRE_THROWS_AS((void)load_model<table_model>(path, unverified), format_error);
  }
}

TEST_CASE("a model file with bytes behind its end is a format_error") {
  const temporary_folder folder;
  const std::string bytes = read_file(saved(folder, table_model(4, 1)));
  const std::string path = folder.write("longer", bytes + std::string(1, '\0'));
  CHECK_THROWS_AS((void)load_model<table_model>(path), format_error);
  CHECK_THROWS_AS((void)load_model<table_model>(path, unverified), format_error);
}

TEST_CASE("every change of a byte of a model file is a format_error") {
  const temporary_folder folder;
  const std::string path = saved(folder, table_model(30, 1));
  const std::string bytes = read_file(path);
  const std::size_t header_end = 8 + header_size(bytes);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  const auto put = [&](std::size_t at, char byte) {
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
    file.flush();
  };
  std::size_t passed = 0;  // what goes unseen without the checksum: options and data, no more
  const auto change = [&](std::size_t at, unsigned flip) {
    CAPTURE(at);
    CAPTURE(flip);
    put(at, static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ flip));
    REQUIRE_THROWS_AS((void)load_model<table_model>(path), format_error);
    try {
      (void)load_model<table_model>(path, unverified);
      ++passed;
    } catch (const format_error&) {
    }
  };
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    // The length, the checksum and a sample of the header in all ways, the rest in two.
    const bool thorough = at < 52 || (at < header_end && at % 41 == 0);
    for (unsigned flip = 1; flip < 256; flip += thorough ? 1 : 127) change(at, flip);
    put(at, bytes[at]);
  }
  CHECK(passed > 0);
  CHECK_NOTHROW((void)load_model<table_model>(path));
}

TEST_CASE("the wrong kind of model is a format_error that names both") {
  const temporary_folder folder;
  const std::string path = saved(folder, table_model(4, 1));
  CHECK(message_of([&] { (void)load_model<other_model>(path); }) ==
        path + ": expected a model of kind other, found: 'table'");
}

TEST_CASE("a file of a newer version, or of another program, says so") {
  const temporary_folder folder;
  const std::string bytes = read_file(saved(folder, table_model(4, 1)));
  const auto message = [&](std::string_view from, std::string_view to) {
    const std::string path = folder.write("forged", forged(bytes, from, to));
    const std::string text = message_of([&] { (void)load_model<table_model>(path); });
    return text.starts_with(path) ? text.substr(path.size() + 2) : text;
  };
  CHECK(message(R"("kind")", R"("kind")") == "no format_error");
  CHECK(message(R"("version":"1")", R"("version":"2")") ==
        "written by a newer kindred: this one reads format version 1, found: '2'");
  CHECK(message(R"("version":"1")", R"("version":"0")") == "no version of the format: '0'");
  CHECK(message(R"("version":"1")", R"("version":"x")") == "version is no such number: 'x'");
  CHECK(message(R"("format":"kindred")", R"("format":"pt")") ==
        "is a safetensors file, but no kindred model");
  CHECK(message(R"("format":"kindred",)", "") == "is a safetensors file, but no kindred model");
  CHECK(message(R"("kind":"table",)", "") == "no such value in the metadata: 'kind'");
}

TEST_CASE("what a model refuses in its file is a format_error") {
  const temporary_folder folder;
  const std::string bytes = read_file(saved(folder, table_model(4, 1)));
  const std::string bad_option = folder.write("a", forged(bytes, R"("-42")", R"("42")"));
  CHECK(message_of([&] { (void)load_model<table_model>(bad_option); }) ==
        bad_option + ": option whole = 42 is not in (-oo, 0]");
  table_model odd(4, 1);
  odd.bytes = test::random_array<std::uint8_t>(1, 1);
  save(odd, folder.path("b"));
  CHECK(message_of([&] { (void)load_model<table_model>(folder.path("b")); }) ==
        folder.path("b") + ": bytes per row");
}

TEST_CASE("what is no file, or no model, is an error of its own type") {
  const temporary_folder folder;
  CHECK_THROWS_AS((void)load_model<table_model>(folder.path("missing")), io_error);
  CHECK_THROWS_AS((void)load_model<table_model>(folder.path()), io_error);
  CHECK_THROWS_AS((void)load_model<table_model>(folder.write("empty", "")), format_error);
  CHECK_THROWS_AS((void)load_model<table_model>(folder.write("csv", "user,item,rating\n1,2,3\n")),
                  format_error);
  CHECK_THROWS_AS((void)load_model<table_model>(folder.write("zeros", std::string(4096, '\0'))),
                  format_error);
  CHECK_THROWS_AS((void)load_model<table_model>("/dev/null"), format_error);
}

TEST_CASE("a model that cannot be saved leaves the old file whole") {
  const temporary_folder folder;
  const table_model model(100, 1);
  const std::string path = saved(folder, model);
  {
    const test::file_size_limit disk_full(3000);
    CHECK_THROWS_AS(save(table_model(1000, 2), path), io_error);
  }
  table_model odd(10, 3);
  odd.text = "\xff";
  CHECK_THROWS_AS(save(odd, path), data_error);
  CHECK(load_model<table_model>(path) == model);
  CHECK(test::count_files(folder) == 1);
  CHECK_THROWS_AS(save(model, folder.path("missing/model")), io_error);
  CHECK_THROWS_AS(save(model, folder.path()), io_error);
}

TEST_CASE("threads that save to one path and load from it see whole models") {
  const temporary_folder folder;
  const std::string path = folder.path("model");
  const std::vector<table_model> models = {table_model(50, 1), table_model(2000, 2)};
  save(models[0], path);
  std::vector<std::thread> threads;
  std::vector<int> odd(4);
  for (std::size_t t = 0; t < odd.size(); ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 30; ++round) {
        save(models[t % 2], path);
        const auto seen = load_model<table_model>(path);
        odd[t] += seen == models[0] || seen == models[1] ? 0 : 1;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(odd == std::vector<int>(4, 0));
  CHECK(test::count_files(folder) == 1);
}

}  // namespace kindred::save_test
