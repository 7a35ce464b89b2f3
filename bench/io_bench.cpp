// Saving and loading a model of 100,000 x 64 floats, in bytes a second. A save ends when the file
// is on the disk; a load has looked at every value.
#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/io/crc32.hpp>
#include <kindred/io/save.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scratch_file.hpp"

namespace {

constexpr std::size_t rows = 100'000;
constexpr std::size_t columns = 64;

struct factor_table {
  static constexpr std::string_view kind = "factor_table";

  kindred::shared_array<float> factors;

  static factor_table random() {
    const kindred::counter_rng rng(1);
    kindred::aligned_vector<float> values(rows * columns);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(rng.uniform(i)) - 0.5F;
    return {std::move(values)};
  }

  template <class Writer>
  void write(Writer& out) const {
    out.add("factors", factors, {rows, columns});
  }
  template <class Reader>
  static factor_table read(const Reader& in) {
    return {in.template array<float>("factors", {rows, columns})};
  }
};

void count_bytes(benchmark::State& state) {
  const auto bytes = static_cast<std::int64_t>(rows * columns * sizeof(float));
  state.SetBytesProcessed(bytes * static_cast<std::int64_t>(state.iterations()));
}

void checksum(benchmark::State& state) {
  const factor_table table = factor_table::random();
  const std::string_view bytes(reinterpret_cast<const char*>(table.factors.data()),
                               table.factors.size() * sizeof(float));
  for ([[maybe_unused]] auto round : state) benchmark::DoNotOptimize(kindred::detail::crc32(bytes));
  count_bytes(state);
}

void save_model(benchmark::State& state) {
  const factor_table table = factor_table::random();
  const kindred::bench::scratch_file file("model");
  for ([[maybe_unused]] auto round : state) kindred::save(table, file.path());
  count_bytes(state);
}

void load_model(benchmark::State& state) {
  const kindred::bench::scratch_file file("model");
  kindred::save(factor_table::random(), file.path());
  const kindred::load_model_options options{.verify_checksum = state.range(0) != 0};
  for ([[maybe_unused]] auto round : state)
    benchmark::DoNotOptimize(
        kindred::load_model<factor_table>(file.path(), options).factors.data());
  count_bytes(state);
}

BENCHMARK(checksum)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(save_model)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(load_model)
    ->ArgName("verify_checksum")
    ->Arg(1)
    ->Arg(0)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
