#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/io/safetensors.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kindred::safetensors_test {

namespace {

using kindred::format_error;
using kindred::detail::find_entry;
using kindred::detail::tensor_layout;
using kindred::detail::tensor_layout_parser;

const std::string file = "a.safetensors";

std::string with_length(std::string_view header, std::uint64_t length, std::size_t data_size) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(length >> (8 * i) & 0xff);
  return bytes.append(header).append(data_size, '\1');
}

tensor_layout parse(std::string_view header, std::size_t data_size) {
  const std::string bytes = with_length(header, header.size(), data_size);
  return tensor_layout_parser(file, bytes).parse();
}

/// A tensor of `header`, as `"name":{...}`.
std::string tensor(std::string_view name, std::string_view type, std::string_view shape,
                   std::string_view offsets) {
  std::string text = "\"";
  text.append(name).append("\":{\"dtype\":\"").append(type).append("\",\"shape\":").append(shape);
  return text.append(",\"data_offsets\":").append(offsets).append("}");
}

std::string message_of(std::string_view header, std::size_t data_size) {
  try {
    (void)parse(header, data_size);
  } catch (const format_error& error) {
    CHECK(error.file() == file);
    return error.what();
  }
  return "no error";
}

bool says(const std::string& message, std::string_view part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a header lists tensors of every type, whatever their order") {
  const tensor_layout layout = parse(
      "{" + tensor("f", "F32", "[2,3]", "[8,32]") + "," + tensor("d", "F64", "[]", "[0,8]") +
          " , " + tensor("i", "I32", "[1]", "[32,36]") + "," +
          tensor("l", "I64", "[1]", "[36,44]") + "," + tensor("u", "U64", "[1]", "[44,52]") + "," +
          tensor("b", "U8", "[3]", "[52,55]") + "," + tensor("none", "F32", "[0,7]", "[8,8]") +
          R"(,"__metadata__":{"k":"v","a":""}}      )",
      55);
  REQUIRE(layout.tensors.size() == 7);
  REQUIRE(layout.texts.size() == 2);
  const auto* f = find_entry(layout.tensors, "f");
  REQUIRE(f != nullptr);
  CHECK(f->shape == std::vector<std::size_t>{2, 3});
  CHECK(f->type == kindred::detail::tensor_type_of<float>());
  CHECK(f->end - f->begin == 24);
  CHECK(find_entry(layout.tensors, "none")->shape == std::vector<std::size_t>{0, 7});
  CHECK(find_entry(layout.tensors, "g") == nullptr);
  CHECK(find_entry(layout.texts, "k")->value == "v");
}

TEST_CASE("C++ types have the type of tensor that holds them") {
  using kindred::detail::tensor_type_of;
  CHECK(tensor_type_of<float>().name == "F32");
  CHECK(tensor_type_of<double>().name == "F64");
  CHECK(tensor_type_of<std::int32_t>().name == "I32");
  CHECK(tensor_type_of<std::int64_t>().name == "I64");
  CHECK(tensor_type_of<long long>().name == "I64");
  CHECK(tensor_type_of<std::uint64_t>().name == "U64");
  CHECK(tensor_type_of<std::uint8_t>().name == "U8");
  CHECK(tensor_type_of<char>().name == "U8");
}

TEST_CASE("a file that ends early or claims too much is refused") {
  const std::string header = "{" + tensor("f", "F32", "[2]", "[0,8]") + "}";
  const std::string whole = with_length(header, header.size(), 8);
  CHECK_NOTHROW((void)tensor_layout_parser(file, whole).parse());
  const auto parse_bytes = [](const std::string& bytes) {
    (void)tensor_layout_parser(file, bytes).parse();
  };
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_THROWS_AS(parse_bytes(whole.substr(0, size)), format_error);
  CHECK_THROWS_AS(parse_bytes(whole + "x"), format_error);
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, header.size() - 1, header.size() + 1, header.size() + 9,
        std::uint64_t{100'000'001}, ~std::uint64_t{0}, ~std::uint64_t{0} - 7,
        std::uint64_t{1} << 63U}) {
    CAPTURE(length);
    CHECK_THROWS_AS(parse_bytes(with_length(header, length, 8)), format_error);
  }
}

TEST_CASE("a header longer than the format allows is not looked at") {
  const auto message = [](std::uint64_t length) {
    try {
      (void)tensor_layout_parser(file, with_length("{}", length, 0)).parse();
    } catch (const format_error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(says(message(100'000'000), "ends within its header"));
  CHECK(says(message(100'000'001), "is no model file"));
  CHECK(
      says(message(~std::uint64_t{0}), "is no model file: length of its header: '18446744073709"));
}

TEST_CASE("tensors must cover the file, without hole or overlap") {
  CHECK(says(message_of("{" + tensor("a", "U8", "[4]", "[0,4]") + "," +
                            tensor("b", "U8", "[4]", "[3,7]") + "}",
                        7),
             "tensor overlaps another: 'b'"));
  CHECK(says(message_of("{" + tensor("a", "U8", "[4]", "[0,4]") + "," +
                            tensor("b", "U8", "[4]", "[0,4]") + "}",
                        4),
             "overlaps"));
  CHECK(says(message_of("{" + tensor("a", "U8", "[4]", "[0,4]") + "," +
                            tensor("b", "U8", "[4]", "[5,9]") + "}",
                        9),
             "tensor leaves a hole before it: 'b'"));
  CHECK(says(message_of("{" + tensor("a", "U8", "[4]", "[1,5]") + "}", 5), "hole"));
  CHECK(says(message_of("{" + tensor("a", "U8", "[4]", "[0,4]") + "}", 5), "behind the last"));
  CHECK(says(message_of("{" + tensor("a", "U8", "[5]", "[0,5]") + "}", 4), "beyond the file"));
  CHECK(says(message_of("{}", 1), "behind the last"));
  CHECK(message_of("{}", 0) == "no error");
}

TEST_CASE("a shape must agree with its bytes, also where it overflows") {
  for (const char* shape :
       {"[3]", "[5]", "[]", "[2,3]", "[0]", "[18446744073709551615]", "[9223372036854775809,2]",
        "[4611686018427387905,4]", "[4294967296,4294967296]", "[4,18446744073709551615,0]"}) {
    CAPTURE(shape);
    CHECK(says(message_of("{" + tensor("a", "F32", shape, "[0,16]") + "}", 16), "disagree: 'a'"));
  }
  // 2^62 elements of four bytes are 2^64 bytes, which wrap to none.
  CHECK(says(message_of("{" + tensor("a", "F32", "[4611686018427387904]", "[0,0]") + "}", 0),
             "disagree"));
  CHECK(says(message_of("{" + tensor("a", "F32", "[4]", "[0,15]") + "}", 15), "disagree"));
}

TEST_CASE("numbers of a header are non-negative integers that fit") {
  for (const char* number :
       {"-1", "1.5", "1e2", "18446744073709551616", "01", "\"1\"", "null", ""}) {
    CAPTURE(number);
    CHECK(message_of("{" + tensor("a", "U8", "[" + std::string(number) + ",4]", "[0,4]") + "}",
                     4) != "no error");
    CHECK(message_of("{" + tensor("a", "U8", "[4]", "[0," + std::string(number) + "]") + "}", 4) !=
          "no error");
  }
  for (const char* offsets : {"[]", "[0]", "[0,4,4]", "[4,0]", "0"}) {
    CAPTURE(offsets);
    CHECK(message_of("{" + tensor("a", "U8", "[4]", offsets) + "}", 4) != "no error");
  }
}

TEST_CASE("names and properties occur once, and all of them are there") {
  const std::string a = tensor("a", "U8", "[4]", "[0,4]");
  CHECK(says(message_of("{" + a + "," + tensor("a", "U8", "[4]", "[4,8]") + "}", 8),
             "name occurs twice: 'a'"));
  CHECK(says(message_of(R"({"__metadata__":{"k":"1","k":"2"}})", 0), "name occurs twice: 'k'"));
  CHECK(says(message_of(R"({"__metadata__":{},"__metadata__":{}})", 0), "'__metadata__'"));
  CHECK(says(message_of(R"({"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0),
             "occurs twice: 'dtype'"));
  CHECK(says(message_of(R"({"a":{"dtype":"U8","shape":[0]}})", 0), "lacks"));
  CHECK(says(message_of(R"({"a":{"dtype":"U8","data_offsets":[0,0]}})", 0), "lacks"));
  CHECK(says(message_of(R"({"a":{"shape":[0],"data_offsets":[0,0]}})", 0), "lacks"));
  CHECK(says(message_of(R"({"a":{"type":"U8","shape":[0],"data_offsets":[0,0]}})", 0), "'type'"));
  CHECK(says(message_of("{" + tensor("a", "F16", "[2]", "[0,4]") + "}", 4), "'F16'"));
  // The same name by another spelling.
  CHECK(says(message_of("{" + a + "," + tensor("\\u0061", "U8", "[4]", "[4,8]") + "}", 8),
             "name occurs twice: 'a'"));
}

TEST_CASE("metadata maps text to text") {
  for (const char* metadata :
       {"1", "[]", "\"x\"", "{\"k\":1}", "{\"k\":null}", "{\"k\":{}}", "{\"k\":[\"v\"]}",
        "{\"k\":\"\xff\"}", "{\"\xc3\":\"v\"}", "{1:\"v\"}"}) {
    CAPTURE(metadata);
    CHECK(message_of("{\"__metadata__\":" + std::string(metadata) + "}", 0) != "no error");
  }
}

TEST_CASE("a header begins with its brace and nests no deeper than its grammar") {
  CHECK(says(message_of(" {}", 0), "begin with {"));
  CHECK(says(message_of("", 0), "begin with {"));
  CHECK(says(message_of("[]", 0), "begin with {"));
  CHECK(says(message_of("{}x", 0), "nothing more"));
  CHECK(message_of("{}" + std::string(1000, ' '), 0) == "no error");
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "{\"a\":";
  CHECK(message_of(deep, 0) != "no error");
  CHECK(message_of("{\"a\":" + std::string(1'000'000, '['), 0) != "no error");
  CHECK(says(message_of("{" + tensor("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") + "}", 1),
             "too many numbers"));
}

TEST_CASE("random changes of a header are read or refused, and nothing else") {
  const std::string header = "{\"__metadata__\":{\"k\":\"v\\n\"}," +
                             tensor("a", "F32", "[2]", "[0,8]") + "," +
                             tensor("b", "U64", "[1]", "[8,16]") + "}  ";
  const std::string whole = with_length(header, header.size(), 16);
  const kindred::counter_rng rng(11);
  constexpr std::string_view spice = "{}[]\",:0123456789\\ue-. \xff";
  std::size_t refused = 0;
  for (std::uint64_t round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    for (std::uint64_t edit = 0; edit <= round % 4; ++edit) {
      const std::uint64_t draw = 8 * round + 2 * edit;
      const std::size_t at = rng.below(draw, static_cast<std::uint32_t>(bytes.size()));
      const char c = spice[rng.below(draw + 1, static_cast<std::uint32_t>(spice.size()))];
      if (round % 3 == 0) bytes[at] = c;
      if (round % 3 == 1) bytes.insert(at, 1, c);
      if (round % 3 == 2) bytes.erase(at, 1);
    }
    try {
      const tensor_layout layout = tensor_layout_parser(file, bytes).parse();
      for (const auto& entry : layout.tensors) REQUIRE(entry.end <= bytes.size());
    } catch (const format_error&) {
      ++refused;
    }
  }
  CHECK(refused > 10'000);
}

TEST_CASE("random bytes are refused") {
  const kindred::counter_rng rng(13);
  for (std::uint64_t round = 0; round < 2000; ++round) {
    std::string bytes(round % 200, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(rng.below(1000 * round + i, 256));
    // Half of them with a length that passes, so that the header itself is looked at.
    if (round % 2 == 0 && bytes.size() >= 9)
      bytes = with_length("{" + bytes.substr(9), bytes.size() - 8, 0);
    REQUIRE_THROWS_AS((void)tensor_layout_parser(file, bytes).parse(), format_error);
  }
}

}  // namespace kindred::safetensors_test
