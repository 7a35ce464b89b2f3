#include <kindred/core/error.hpp>
#include <kindred/io/atomic_file.hpp>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support.hpp"

namespace kindred::atomic_file_test {

using kindred::io_error;
using kindred::detail::atomic_file;
using kindred::test::count_files;
using kindred::test::file_size_limit;
using kindred::test::read_file;

TEST_CASE("an atomic file replaces the old one when it is committed") {
  const temporary_folder folder;
  const std::string path = folder.write("model", "old and longer");
  {
    atomic_file file(path);
    file.write("ne_");
    file.write("er");
    file.overwrite(2, "w");
    CHECK(read_file(path) == "old and longer");
    file.commit();
  }
  CHECK(read_file(path) == "newer");
  CHECK(count_files(folder) == 1);
}

TEST_CASE("an atomic file that is not committed leaves nothing behind") {
  const temporary_folder folder;
  const std::string path = folder.path("model");
  { atomic_file(path).write("draft"); }
  CHECK(count_files(folder) == 0);
  (void)folder.write("model", "old");
  { atomic_file(path).write("draft"); }
  CHECK(count_files(folder) == 1);
  CHECK(read_file(path) == "old");
}

TEST_CASE("an atomic file says where it could not be written") {
  const temporary_folder folder;
  const std::string path = folder.path("missing/model");
  try {
    atomic_file file(path);
    FAIL("no error");
  } catch (const io_error& error) {
    CHECK(error.path() == path);
    CHECK(std::string(error.what()) == path + ": No such file or directory");
  }
  CHECK_THROWS_AS(atomic_file("").commit(), io_error);
  CHECK_THROWS_AS(atomic_file(folder.path(std::string(300, 'x'))), io_error);
}

TEST_CASE("an atomic file cannot take the place of a folder") {
  const temporary_folder folder;
  const std::string path = folder.path("model");
  std::filesystem::create_directory(path);
  {
    atomic_file file(path);
    file.write("new");
    CHECK_THROWS_AS(file.commit(), io_error);
  }
  CHECK(count_files(folder) == 1);
  CHECK(std::filesystem::is_directory(path));
}

TEST_CASE("a disk that is full leaves the old file whole") {
  const temporary_folder folder;
  const std::string path = folder.write("model", "old");
  {
    const file_size_limit limit(1000);
    atomic_file file(path);
    CHECK_THROWS_AS(file.write(std::string(2000, 'x')), io_error);
    CHECK_THROWS_AS(file.overwrite(1000, "x"), io_error);
  }
  CHECK(read_file(path) == "old");
  CHECK(count_files(folder) == 1);
}

TEST_CASE("an atomic file keeps the permissions of the file that it replaces") {
  const temporary_folder folder;
  const std::string path = folder.write("model", "old");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  {
    atomic_file file(path);
    file.write("new");
    file.commit();
  }
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0640U);
}

TEST_CASE("a file without a folder in its name goes to the current one") {
  const temporary_folder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  {
    atomic_file file("model");
    file.write("new");
    file.commit();
  }
  std::filesystem::current_path(before);
  CHECK(read_file(folder.path("model")) == "new");
}

TEST_CASE("two threads that replace one file do not mix") {
  const temporary_folder folder;
  const std::string path = folder.path("model");
  const auto save = [&](char letter) {
    for (int round = 0; round < 50; ++round) {
      atomic_file file(path);
      for (int part = 0; part < 10; ++part) file.write(std::string(100, letter));
      file.commit();
    }
  };
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b', 'c', 'd'}) threads.emplace_back(save, letter);
  for (std::thread& thread : threads) thread.join();
  const std::string text = read_file(path);
  REQUIRE(text.size() == 1000);
  CHECK(text == std::string(1000, text[0]));
  CHECK(count_files(folder) == 1);
}

}  // namespace kindred::atomic_file_test
