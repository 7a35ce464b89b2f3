// hnswlib's side of top_k_compare.py, as top_k_compare hnsw has kindred's.
//   top_k_hnswlib FOLDER FACTORS THREADS LINKS BUILD_EFFORT SEARCH_EFFORT...
#include <hnswlib/hnswlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "exchange.hpp"

namespace {

constexpr std::size_t best = 10;

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  const std::string folder = argv[1];
  const auto factors = static_cast<std::size_t>(std::atoi(argv[2]));
  const auto threads = static_cast<std::size_t>(std::atoi(argv[3]));
  const auto items = exchange::read<float>(folder + "/items");
  const auto users = exchange::read<float>(folder + "/users");
  const auto exact = exchange::read<std::int32_t>(folder + "/found");
  const std::size_t queries = users.size() / factors;
  hnswlib::InnerProductSpace space(factors);
  hnswlib::HierarchicalNSW<float> graph(&space, items.size() / factors,
                                        static_cast<std::size_t>(std::atoi(argv[4])),
                                        static_cast<std::size_t>(std::atoi(argv[5])), 42);
  exchange::print_time_of([&] {
    for (std::size_t i = 0; i < items.size() / factors; ++i)
      graph.addPoint(items.data() + i * factors, i);
  });
  for (int n = 6; n < argc; ++n) {
    graph.setEf(static_cast<std::size_t>(std::atoi(argv[n])));
    std::vector<std::size_t> found(queries * best);
    const auto search = [&](std::size_t first, std::size_t last) {
      for (std::size_t q = first; q < last; ++q) {
        auto list = graph.searchKnn(users.data() + q * factors, best);
        for (std::size_t rank = q * best; !list.empty(); list.pop())
          found[rank++] = list.top().second;
      }
    };
    exchange::print_time_of([&] {
      std::vector<std::thread> workers;
      for (std::size_t t = 0; t < threads; ++t)
        workers.emplace_back(search, queries * t / threads, queries * (t + 1) / threads);
      for (std::thread& worker : workers) worker.join();
    });
    std::size_t hits = 0;
    for (std::size_t q = 0; q < queries; ++q)
      for (std::size_t a = q * best; a < (q + 1) * best; ++a)
        for (std::size_t b = q * best; b < (q + 1) * best; ++b)
          hits += static_cast<std::size_t>(exact[a]) == found[b] ? 1 : 0;
    std::printf("%.6f ", static_cast<double>(hits) / static_cast<double>(queries * best));
  }
}
