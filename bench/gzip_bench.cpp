// Reading a compressed rating file of 2 million rows, in bytes of its text a second: inflating
// alone, and through csv_source.
#include <kindred/source/csv.hpp>
#include <kindred/source/gzip.hpp>

#include <benchmark/benchmark.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "rating_text.hpp"
#include "scratch_file.hpp"

namespace {

class compressed_file {
 public:
  compressed_file() {
    const std::string text = kindred::bench::rating_text(2'000'000);
    bytes_ = static_cast<std::int64_t>(text.size());
    const gzFile file = gzopen(file_.path().c_str(), "wb");
    const int written = gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    if (gzclose(file) != Z_OK || written != bytes_) throw std::runtime_error("cannot compress");
  }
  [[nodiscard]] std::string path() const { return file_.path(); }
  [[nodiscard]] std::int64_t bytes() const noexcept { return bytes_; }

 private:
  kindred::bench::scratch_file file_{"ratings.csv.gz"};
  std::int64_t bytes_ = 0;
};

template <class Work>
void read_file(benchmark::State& state, const Work& work) {
  static const compressed_file file;
  for ([[maybe_unused]] auto round : state) work(kindred::gzip_file(file.path()));
  state.SetBytesProcessed(file.bytes() * static_cast<std::int64_t>(state.iterations()));
}

void inflate_gzip(benchmark::State& state) {
  read_file(state, [](kindred::gzip_file file) {
    std::vector<char> block(std::size_t{1} << 20);
    while (file.read(block) > 0) benchmark::DoNotOptimize(block.data());
  });
}

void parse_gzip(benchmark::State& state) {
  read_file(state, [](kindred::gzip_file file) {
    kindred::csv_source source(std::move(file));
    for (kindred::rating_batch batch; source.next(batch);)
      benchmark::DoNotOptimize(batch.values.data());
  });
}

BENCHMARK(inflate_gzip)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(parse_gzip)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
