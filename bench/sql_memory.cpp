// Peak memory of load() from a database, beside that of loading the same ratings as they are made,
// each in a process of its own: what a source holds does not grow with its rows.
//   kindred_sql_memory [millions of ratings ...]
#include <kindred/data/load.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/sqlite.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "scratch_file.hpp"
#include "sql_ratings.hpp"

namespace {

/// A number of kB that Linux knows of this process.
double megabytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (double kilobytes = 0; word == name + ':' && status >> kilobytes) return kilobytes / 1000;
  throw std::runtime_error("/proc/self/status has no " + name);
}

/// How far `work` makes a fresh process grow.
template <class Work>
double peak_of(const Work& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe");
  const ::pid_t child = ::fork();
  if (child == 0) {
    const double before = megabytes("VmRSS");
    work();
    const double grown = megabytes("VmHWM") - before;
    ::_exit(::write(ends[1], &grown, sizeof grown) == sizeof grown ? 0 : 1);
  }
  double grown = 0;
  int status = 0;
  const bool is_told = ::read(ends[0], &grown, sizeof grown) == sizeof grown;
  ::waitpid(child, &status, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  if (!is_told || status != 0) throw std::runtime_error("a measurement failed");
  return grown;
}

/// The rows of make_ratings(), which lie nowhere.
class made_ratings {
 public:
  explicit made_ratings(std::int64_t rows) : rows_(rows) {}

  [[nodiscard]] static std::string_view name() { return "made"; }
  bool next(kindred::rating_batch& batch) {
    batch.clear();
    for (int n = 0; n < 1 << 14 && row_ < rows_; ++n, ++row_) {
      const auto [user, item, stars, time] = kindred::bench::rating_of(row_);
      batch.users.integers.push_back(user);
      batch.items.integers.push_back(item);
      batch.values.push_back(static_cast<float>(stars));
      batch.times.push_back(time);
    }
    return batch.size() > 0;
  }

 private:
  std::int64_t rows_;
  std::int64_t row_ = 0;
};

void measure(double millions) {
  const auto rows = static_cast<std::int64_t>(millions * 1e6);
  const kindred::bench::scratch_file file("memory.db");
  static_cast<void>(peak_of([&] {
    kindred::sqlite_connection db(file.path());
    kindred::bench::make_ratings(db, rows, "INTEGER");
  }));
  const double made = peak_of([&] {
    if (kindred::load(made_ratings(rows)).empty()) std::abort();
  });
  const double read = peak_of([&] {
    kindred::sqlite_connection db(file.path());
    if (kindred::load(kindred::bench::ratings_of(db)).empty()) std::abort();
  });
  std::printf("%.0fM ratings: peak %.1f MB as they are made, %.1f MB from SQLite, %.1f MB more\n",
              millions, made, read, read - made);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2)
    for (const double millions : {1.0, 2.0, 4.0, 8.0}) measure(millions);
  for (int n = 1; n < argc; ++n) measure(std::atof(argv[n]));
}
