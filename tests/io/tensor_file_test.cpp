#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/io/tensor_reader.hpp>
#include <kindred/io/tensor_writer.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../data/support.hpp"
#include "support.hpp"
#include "table_model.hpp"

namespace kindred::tensor_file_test {

namespace {

using test::random_array;
using test::same_bits;

/// A file of one part, written by `fill(writer)`.
template <class Fill>
std::string written(const temporary_folder& folder, const Fill& fill) {
  tensor_writer out("thing");
  fill(out);
  out.save(folder.path("thing"));
  return folder.path("thing");
}

/// Another program's file: these tensors of four bytes an element, and no checksum.
std::string foreign(const temporary_folder& folder, std::string header, std::string_view data) {
  std::string bytes(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return folder.write("foreign", bytes.append(header).append(data));
}

bool is_aligned(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) % 64 == 0; }

template <class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const format_error& error) {
    return error.what();
  }
  return "no format_error";
}

bool says(const std::string& message, std::string_view part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("options come back as they were") {
  const temporary_folder folder;
  const tensor_reader in(written(folder, [](tensor_writer& out) {
    out.set("least", std::numeric_limits<std::int64_t>::min());
    out.set("most", std::numeric_limits<std::uint64_t>::max());
    out.set("tiny", std::numeric_limits<double>::denorm_min());
    out.set("huge", std::numeric_limits<float>::lowest());
    out.set("off", false);
    out.set("red", test::colour::red);
    out.set("byte", std::uint8_t{200});
    out.set("empty", "");
    out.set("view", std::string_view("\"checksum\":\"00000000\"\0\x7f", 23));
  }));
  CHECK(in.get<std::int64_t>("least") == std::numeric_limits<std::int64_t>::min());
  CHECK(in.get<std::uint64_t>("most") == std::numeric_limits<std::uint64_t>::max());
  CHECK(in.get<double>("tiny") == std::numeric_limits<double>::denorm_min());
  CHECK(in.get<float>("huge") == std::numeric_limits<float>::lowest());
  CHECK_FALSE(in.get<bool>("off"));
  CHECK(in.get<test::colour>("red") == test::colour::red);
  CHECK(in.get<std::uint8_t>("byte") == 200);
  CHECK(in.get<std::string>("empty").empty());
  CHECK(in.get<std::string>("view") == std::string("\"checksum\":\"00000000\"\0\x7f", 23));
}

TEST_CASE("an option that is missing or of another type is a format_error that names it") {
  const temporary_folder folder;
  const tensor_reader in(written(folder, [](tensor_writer& out) {
    out.set("word", "many");
    out.set("big", std::uint64_t{1} << 40U);
    out.set("real", 1.5);
    out.set("nan", "nan");
    out.set("inf", "inf");
    out.set("space", " 1");
    out.set("plus", "+1");
    out.set("hex", "0x10");
    out.set("none", "");
  }));
  CHECK(says(message_of([&] { (void)in.get<int>("gone"); }), "'gone'"));
  CHECK(says(message_of([&] { (void)in.get<int>("word"); }), "word is no such number: 'many'"));
  CHECK(says(message_of([&] { (void)in.get<bool>("word"); }), "not true or false: 'many'"));
  CHECK_THROWS_AS((void)in.get<int>("big"), format_error);
  CHECK_THROWS_AS((void)in.get<std::uint8_t>("big"), format_error);
  CHECK_THROWS_AS((void)in.get<int>("real"), format_error);
  for (const char* name : {"nan", "inf", "space", "plus", "hex", "none"}) {
    CAPTURE(name);
    CHECK_THROWS_AS((void)in.get<double>(name), format_error);
    CHECK_THROWS_AS((void)in.get<int>(name), format_error);
  }
  CHECK(in.contains("word"));
  CHECK_FALSE(in.contains("wor"));
}

TEST_CASE("arrays of every size come back bit by bit, in place and aligned") {
  const temporary_folder folder;
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 1000U}) {
    CAPTURE(size);
    const auto floats = random_array<float>(size, 1);
    const auto doubles = random_array<double>(size, 2);
    const auto indices = random_array<index>(size, 3);
    const auto text = random_array<char>(size, 4);
    std::optional<tensor_reader> in(written(folder, [&](tensor_writer& out) {
      out.add("text", text, {size});
      out.add("floats", floats, {size, 1});
      out.add("doubles", doubles, {1, size});
      out.add("indices", indices, {size});
    }));
    CHECK(in->shape("floats") == std::vector<std::size_t>{size, 1});
    CHECK(in->rows("floats") == size);
    CHECK(in->rows("doubles") == 1);
    const auto read = in->array<float>("floats", {size, 1});
    CHECK(same_bits(read, floats));
    CHECK(same_bits(in->array<double>("doubles", {1, size}), doubles));
    CHECK(same_bits(in->array<index>("indices"), indices));
    CHECK(same_bits(in->array<char>("text"), text));
    CHECK(is_aligned(read.data()));
    CHECK(is_aligned(in->array<double>("doubles", {1, size}).data()));
    CHECK(is_aligned(in->array<index>("indices").data()));
    // No copy: both are the bytes of the mapping.
    CHECK(in->array<float>("floats", {size, 1}).data() == read.data());
    // The array outlives the reader and the name of the file.
    in.reset();
    std::filesystem::remove(folder.path("thing"));
    CHECK(same_bits(read, floats));
  }
}

TEST_CASE("an array of another name, type or shape is a format_error that names it") {
  const temporary_folder folder;
  const tensor_reader in(written(folder, [](tensor_writer& out) {
    out.add("a", random_array<float>(6, 1), {2, 3});
    out.add("scalar", random_array<float>(1, 1), {});
  }));
  CHECK(says(message_of([&] { (void)in.shape("b"); }), "no such tensor: 'b'"));
  CHECK(says(message_of([&] { (void)in.array<double>("a", {2, 3}); }), "a is not F64 but: 'F32'"));
  CHECK_THROWS_AS((void)in.array<index>("a", {2, 3}), format_error);
  CHECK_THROWS_AS((void)in.array<char>("a", {24}), format_error);
  CHECK(says(message_of([&] {
               (void)in.array<float>("a", {3, 2});
             }),
             "wrong shape of a tensor: 'a'"));
  CHECK_THROWS_AS((void)in.array<float>("a", {6}), format_error);
  CHECK_THROWS_AS((void)in.array<float>("a", {2, 3, 1}), format_error);
  CHECK_THROWS_AS((void)in.array<float>("a"), format_error);
  CHECK_THROWS_AS((void)in.rows("scalar"), format_error);
}

TEST_CASE("more rows than an index counts are refused") {
  const temporary_folder folder;
  const std::string path =
      foreign(folder, R"({"a":{"dtype":"U8","shape":[2147483648,0],"data_offsets":[0,0]}})", "");
  const tensor_reader in(path, {.verify_checksum = false});
  CHECK_THROWS_AS((void)in.rows("a"), format_error);
}

TEST_CASE("what could not be read back is not written") {
  tensor_writer out("thing");
  out.set("taken", 1);
  out.add("a", random_array<float>(4, 1), {4});
  for (const char* name : {"taken", "a", "kind", "format", "version", "checksum", "__metadata__",
                           "__pad0__", "\xff"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(out.set(name, 1), data_error);
    CHECK_THROWS_AS(out.add(name, random_array<float>(4, 1), {4}), data_error);
  }
  CHECK_THROWS_AS(out.set("text", "\xc3"), data_error);
  CHECK_THROWS_AS(out.set("inf", std::numeric_limits<float>::infinity()), data_error);
  CHECK_THROWS_AS(out.set("nan", std::numeric_limits<double>::quiet_NaN()), data_error);
  CHECK_THROWS_AS(out.add("b", random_array<float>(4, 1), {5}), data_error);
  CHECK_THROWS_AS(out.add("c", random_array<float>(4, 1), {}), data_error);
  CHECK_THROWS_AS(
      out.add("d", shared_array<float>(), {std::size_t{1} << 32U, std::size_t{1} << 32U}),
      data_error);
  aligned_vector<double> odd(3, 1.0);
  odd[2] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(out.add("e", shared_array<double>(odd), {3}), data_error);
  odd[2] = -std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(out.add("f", shared_array<double>(odd), {3}), data_error);
}

TEST_CASE("an array that is not finite is refused") {
  const temporary_folder folder;
  for (const std::uint32_t bits : {0x7f800000U, 0xff800000U, 0x7fc00000U, 0x7f800001U}) {
    std::string data(8, '\0');
    std::memcpy(data.data() + 4, &bits, 4);
    const std::string path =
        foreign(folder, R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", data);
    const tensor_reader in(path, {.verify_checksum = false});
    CHECK(says(message_of([&] { (void)in.array<float>("a", {2}); }), "not finite: 'a'"));
  }
}

TEST_CASE("a file of another program may have any alignment and no checksum") {
  const temporary_folder folder;
  std::string header = R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                       R"("b":{"dtype":"F32","shape":[2],"data_offsets":[3,11]},)"
                       R"("c":{"dtype":"F64","shape":[0],"data_offsets":[3,3]}})";
  std::string data = "abc";
  const float values[] = {1.5F, -2.0F};
  data.append(reinterpret_cast<const char*>(values), sizeof values);
  for (int shift = 0; shift < 64; ++shift, header += ' ') {
    CAPTURE(shift);
    const std::string path = foreign(folder, header, data);
    const tensor_reader in(path, {.verify_checksum = false});
    const auto b = in.array<float>("b", {2});
    CHECK(is_aligned(b.data()));
    CHECK(b[0] == 1.5F);
    CHECK(b[1] == -2.0F);
    CHECK(in.array<double>("c").empty());
    CHECK(says(message_of([&] { tensor_reader checked(path); }), "no checksum"));
    CHECK(says(message_of([&] { in.check_kind("thing"); }), "no kindred model"));
  }
}

TEST_CASE("a checksum is eight digits as they stand in the file") {
  const temporary_folder folder;
  for (const char* checksum :
       {"", "0", "0000000", "000000000", "\\u00300000000", "        ", "0x000000", "-0000001"}) {
    CAPTURE(checksum);
    const std::string path =
        foreign(folder, R"({"__metadata__":{"checksum":")" + std::string(checksum) + R"("}})", "");
    CHECK_THROWS_AS(tensor_reader{path}, format_error);
  }
  // Capital digits are other bytes, and so another file.
  const std::string path = written(folder, [](tensor_writer& out) { out.set("salt", 4); });
  std::string bytes = test::read_file(path);
  const std::size_t at = bytes.find(R"("checksum":")") + 12;
  bool has_letter = false;
  for (std::size_t i = at; i < at + 8; ++i)
    if (bytes[i] >= 'a') {
      has_letter = true;
      bytes[i] = static_cast<char>(bytes[i] - 32);
    }
  REQUIRE(has_letter);
  CHECK_THROWS_AS(tensor_reader{folder.write("capital", bytes)}, format_error);
}

TEST_CASE("parts stand under their own name and kind") {
  const temporary_folder folder;
  const test::table_model first(3, 1);
  const test::table_model second(5, 2);
  const id_map users = test::ids_of({"42", "", "a \"b\"", "\xff\xfe"});
  const tensor_reader in(written(folder, [&](tensor_writer& out) {
    out.set("whole", 1);
    out.add("first", first);
    out.add("second", second);
    tensor_writer deep = out.nested("x").nested("y");
    deep.set("z", 9);
    out.add("users", users);
    out.add("nobody", id_map());
  }));
  CHECK(in.get<int>("whole") == 1);
  CHECK(in.part<test::table_model>("first") == first);
  CHECK(in.part<test::table_model>("second") == second);
  CHECK(in.get<int>("x.y.z") == 9);
  CHECK(in.nested("x").nested("y").get<int>("z") == 9);
  const id_map read = in.ids("users");
  REQUIRE(read.size() == 4);
  for (index i = 0; i < 4; ++i) CHECK(read.id(i) == users.id(i));
  CHECK(read.find("42") == index{0});
  CHECK(in.ids("nobody").size() == 0);
  CHECK_THROWS_AS((void)in.part<test::table_model>("third"), format_error);
  CHECK_THROWS_AS((void)in.part<test::table_model>("x"), format_error);
  CHECK_THROWS_AS((void)in.ids("first"), format_error);
}

TEST_CASE("ids that contradict each other are a format_error") {
  const temporary_folder folder;
  const auto read = [&](const std::vector<std::uint64_t>& offsets, std::string_view text) {
    const tensor_reader in(written(folder, [&](tensor_writer& out) {
      tensor_writer ids = out.nested("ids");
      ids.add("offsets",
              shared_array<std::uint64_t>(
                  aligned_vector<std::uint64_t>(offsets.begin(), offsets.end())),
              {offsets.size()});
      ids.add("text", shared_array<char>(aligned_vector<char>(text.begin(), text.end())),
              {text.size()});
    }));
    return in.ids("ids");
  };
  CHECK(read({0, 1, 2}, "ab").size() == 2);
  CHECK_THROWS_AS(read({0, 1, 2}, "aa"), format_error);
  CHECK_THROWS_AS(read({0, 1, 3}, "ab"), format_error);
  CHECK_THROWS_AS(read({1, 1, 2}, "ab"), format_error);
  CHECK_THROWS_AS(read({0, ~std::uint64_t{0}, 2}, "ab"), format_error);
  CHECK_THROWS_AS(read({}, "ab"), format_error);
}

TEST_CASE("a file larger than a block of the checksum is checked to its end") {
  const temporary_folder folder;
  const auto big = random_array<double>(400'000, 5);
  const std::string path =
      written(folder, [&](tensor_writer& out) { out.add("big", big, {big.size()}); });
  CHECK(same_bits(tensor_reader(path).array<double>("big"), big));
  const std::string bytes = test::read_file(path);
  for (const std::size_t back : {1U, 4096U, 1U << 20U, 2'000'000U, 3'199'999U}) {
    std::string damaged = bytes;
    damaged[bytes.size() - back] = static_cast<char>(damaged[bytes.size() - back] ^ 1);
    CHECK(says(message_of([&] { tensor_reader in(folder.write("damaged", damaged)); }), "damaged"));
  }
}

}  // namespace kindred::tensor_file_test
