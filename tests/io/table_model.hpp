#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/id_map.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace kindred::test {

enum class colour { red = -3, green = 7 };

template <class T>
[[nodiscard]] bool same_bits(const shared_array<T>& a, const shared_array<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// `size` elements of random bits that spell a finite number.
template <class T>
[[nodiscard]] shared_array<T> random_array(std::size_t size, std::uint64_t seed) {
  const counter_rng rng(seed);
  aligned_vector<T> elements(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint64_t bits = rng.bits(i) & ~(std::uint64_t{1} << 62U) & ~std::uint64_t{1 << 30};
    std::memcpy(&elements[i], &bits, sizeof(T));
  }
  return elements;
}

/// A model that predicts nothing and has one of everything that can be saved.
struct table_model {
  static constexpr std::string_view kind = "table";

  int whole = -42;
  std::uint64_t seed = ~std::uint64_t{0};
  float rate = 0.1F;
  double precise = -1.0 / 3;
  bool flag = true;
  colour paint = colour::green;
  std::string text = "na\u00efve \"quoted\"\\\n\t";
  shared_array<float> matrix;
  shared_array<double> doubles;
  shared_array<std::int32_t> indices;
  shared_array<std::int64_t> times;
  shared_array<std::uint64_t> offsets;
  shared_array<std::uint8_t> bytes;

  table_model() = default;
  /// A matrix of `rows` by three, and lists of other lengths.
  table_model(std::size_t rows, std::uint64_t id)
      : matrix(random_array<float>(3 * rows, id)),
        doubles(random_array<double>(rows + 1, id + 1)),
        indices(random_array<std::int32_t>(rows + 2, id + 2)),
        times(random_array<std::int64_t>(rows / 2, id + 3)),
        offsets(random_array<std::uint64_t>(1, id + 4)),
        bytes(random_array<std::uint8_t>(5 * rows, id + 5)) {}

  template <class Writer>
  void write(Writer& out) const {
    out.set("whole", whole);
    out.set("seed", seed);
    out.set("rate", rate);
    out.set("precise", precise);
    out.set("flag", flag);
    out.set("paint", paint);
    out.set("text", text);
    out.add("matrix", matrix, {matrix.size() / 3, 3});
    out.add("bytes", bytes, {bytes.size()});
    out.add("doubles", doubles, {doubles.size()});
    out.add("indices", indices, {1, indices.size(), 1});
    out.add("times", times, {times.size()});
    out.add("offsets", offsets, {});
  }

  template <class Reader>
  [[nodiscard]] static table_model read(const Reader& in) {
    table_model model;
    model.whole = in.template get<int>("whole");
    model.seed = in.template get<std::uint64_t>("seed");
    model.rate = in.template get<float>("rate");
    model.precise = in.template get<double>("precise");
    model.flag = in.template get<bool>("flag");
    model.paint = in.template get<colour>("paint");
    model.text = in.template get<std::string>("text");
    require_option(model.whole <= 0, "whole", model.whole, "(-oo, 0]");
    model.matrix = in.template array<float>("matrix", {in.rows("matrix"), 3});
    model.bytes = in.template array<std::uint8_t>("bytes");
    model.doubles = in.template array<double>("doubles");
    model.indices = in.template array<std::int32_t>("indices", {1, in.shape("indices").at(1), 1});
    model.times = in.template array<std::int64_t>("times");
    model.offsets = in.template array<std::uint64_t>("offsets", {});
    if (model.bytes.size() != 5 * (model.matrix.size() / 3)) throw data_error("bytes per row");
    return model;
  }

  friend bool operator==(const table_model& a, const table_model& b) {
    return a.whole == b.whole && a.seed == b.seed && a.rate == b.rate && a.precise == b.precise &&
           a.flag == b.flag && a.paint == b.paint && a.text == b.text &&
           same_bits(a.matrix, b.matrix) && same_bits(a.doubles, b.doubles) &&
           same_bits(a.indices, b.indices) && same_bits(a.times, b.times) &&
           same_bits(a.offsets, b.offsets) && same_bits(a.bytes, b.bytes);
  }
};

}  // namespace kindred::test
