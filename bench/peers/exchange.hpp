#pragma once

// What the programs of the races have in common: arrays in files, as NumPy reads and writes them,
// and the clock.

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <ios>
#include <span>
#include <string>
#include <vector>

namespace exchange {

template <class T>
std::vector<T> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<T> values(static_cast<std::size_t>(file.tellg()) / sizeof(T));
  file.seekg(0).read(reinterpret_cast<char*>(values.data()),
                     static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

template <class T>
void write(const std::string& path, std::span<const T> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size_bytes()));
}

template <class Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Does the work and prints the seconds, and those of processors, that it took.
template <class Work>
void print_time_of(const Work& work) {
  const std::clock_t busy = std::clock();
  const double seconds = seconds_of(work);
  std::printf("%.6f %.6f ", seconds, static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC);
}

}  // namespace exchange
