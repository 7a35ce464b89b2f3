#include <doctest/doctest.h>

#include <filesystem>
#include <kindred/core/mapped_file.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "../temporary_folder.hpp"

namespace kindred::mapped_file_test {
namespace {

/// The message of the io_error that opening `path` must throw.
std::string failure(const std::string& path) {
  try {
    const kindred::mapped_file file(path);
  } catch (const kindred::io_error& error) {
    CHECK(error.path() == path);
    return error.what();
  }
  FAIL("opened ", path);
  return {};
}

}  // namespace

TEST_CASE("a mapped file shows the bytes of the file") {
  const temporary_folder folder;
  std::string content(100'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 % 251);
  const kindred::mapped_file file(folder.write("bytes", content));
  CHECK(file.text() == content);
  CHECK(file.path() == folder.path("bytes"));
}

TEST_CASE("the bytes outlive the mapped_file that opened them, and the file's name") {
  const temporary_folder folder;
  const std::string path = folder.write("bytes", "kindred");
  std::shared_ptr<const void> owner;
  std::string_view text;
  {
    const kindred::mapped_file file(path);
    const kindred::mapped_file copy = file;
    owner = copy.owner();
    text = copy.text();
  }
  std::filesystem::remove(path);
  CHECK(text == "kindred");
}

TEST_CASE("released bytes stay readable") {
  const temporary_folder folder;
  const std::string content(100'000, 'x');
  const kindred::mapped_file file(folder.write("bytes", content));
  file.release(0, content.size());
  CHECK(file.text() == content);
}

TEST_CASE("an empty file has no bytes") {
  const temporary_folder folder;
  const kindred::mapped_file file(folder.write("empty", ""));
  CHECK(file.size() == 0);
  CHECK(kindred::mapped_file().text().empty());
}

TEST_CASE("what cannot be read is an io_error with the path and the system's reason") {
  const temporary_folder folder;
  const std::string missing = folder.path("missing");
  CHECK(failure(missing) == missing + ": No such file or directory");
  CHECK(failure(folder.path()) == folder.path() + ": Is a directory");
  // Opens, also for root, and cannot be read at offset 0.
  if (std::filesystem::exists("/proc/self/mem"))
    CHECK(failure("/proc/self/mem") == "/proc/self/mem: Input/output error");
}

TEST_CASE("a file that cannot be mapped is read") {
  if (!std::filesystem::exists("/proc/self/status")) return;
  const kindred::mapped_file file("/proc/self/status");
  CHECK(file.text().starts_with("Name:"));
}

}  // namespace kindred::mapped_file_test
