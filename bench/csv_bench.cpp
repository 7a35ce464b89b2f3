// Reading a rating file of 10 million rows, which the system has in memory, in bytes of text a
// second: parsing alone, and into a dataset.
#include <kindred/data/load.hpp>
#include <kindred/source/csv.hpp>

#include <benchmark/benchmark.h>
#include <tbb/task_arena.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include "rating_text.hpp"
#include "scratch_file.hpp"

namespace {

constexpr std::size_t rows = 10'000'000;

/// A file of ratings, made when it is first asked for.
class rating_file {
 public:
  explicit rating_file(bool quoted) : file_(quoted ? "quoted.csv" : "plain.csv") {
    const std::string text = kindred::bench::rating_text(rows, quoted);
    std::ofstream(file_.path(), std::ios::binary) << text;
    bytes_ = static_cast<std::int64_t>(text.size());
  }
  [[nodiscard]] std::string path() const { return file_.path(); }
  [[nodiscard]] std::int64_t bytes() const noexcept { return bytes_; }

 private:
  kindred::bench::scratch_file file_;
  std::int64_t bytes_ = 0;
};

const rating_file& file_of(bool quoted) {
  static const rating_file plain(false);
  static const rating_file with_quotes(true);
  return quoted ? with_quotes : plain;
}

template <class Work>
void read_file(benchmark::State& state, const Work& work) {
  const rating_file& file = file_of(state.range(0) != 0);
  tbb::task_arena arena(static_cast<int>(state.range(1)));
  for ([[maybe_unused]] auto round : state)
    arena.execute([&] { work(kindred::csv_source(file.path())); });
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetBytesProcessed(file.bytes() * rounds);
  state.SetItemsProcessed(static_cast<std::int64_t>(rows) * rounds);
}

void parse(benchmark::State& state) {
  read_file(state, [](kindred::csv_source source) {
    std::size_t read = 0;
    for (kindred::rating_batch batch; source.next(batch);) read += batch.size();
    benchmark::DoNotOptimize(read);
  });
}

void load(benchmark::State& state) {
  read_file(state, [](kindred::csv_source source) {
    benchmark::DoNotOptimize(kindred::load(source).size());
  });
}

BENCHMARK(parse)
    ->ArgNames({"quoted", "threads"})
    ->ArgsProduct({{0, 1}, {1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(load)
    ->ArgNames({"quoted", "threads"})
    ->ArgsProduct({{0}, {1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
