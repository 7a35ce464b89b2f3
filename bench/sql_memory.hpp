#pragma once

#include <kindred/data/load.hpp>
#include <kindred/data/rating_source.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sql_ratings.hpp"

namespace kindred::bench {

/// A number of kB that Linux knows of this process.
inline double megabytes(const std::string& name) {
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
  bool next(rating_batch& batch) {
    batch.clear();
    for (int n = 0; n < 1 << 14 && row_ < rows_; ++n, ++row_) {
      const auto [user, item, stars, time] = rating_of(row_);
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

/// Prints the peak memory of load() from a database, beside that of loading the same ratings as
/// they are made, each in a process of its own. `connect` returns a pointer to a new connection;
/// `key` is the type of a key.
template <class Connect>
void measure_loading(double millions, const std::string& key, const Connect& connect) {
  const auto rows = static_cast<std::int64_t>(millions * 1e6);
  static_cast<void>(peak_of([&] { make_ratings(*connect(), rows, key); }));
  const double made = peak_of([&] {
    if (load(made_ratings(rows)).empty()) std::abort();
  });
  const double read = peak_of([&] {
    const auto db = connect();
    if (load(ratings_of(*db)).empty()) std::abort();
  });
  std::printf("%.0fM ratings: peak %.1f MB as they are made, %.1f MB from the database\n", millions,
              made, read);
}

/// The same for the numbers of millions that the program is given, or else for 1, 2, 4 and 8.
/// `start` returns what `connect` above is, to a new database.
template <class Start>
void measure_loading(int argc, char** argv, const std::string& key, const Start& start) {
  std::vector<double> sizes{1, 2, 4, 8};
  if (argc > 1) sizes.clear();
  for (int n = 1; n < argc; ++n) sizes.push_back(std::atof(argv[n]));
  for (const double millions : sizes) measure_loading(millions, key, start());
}

}  // namespace kindred::bench
