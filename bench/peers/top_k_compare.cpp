// kindred's side of top_k_compare.py, which calls it and reads what it prints and writes.
//   top_k_compare factors FOLDER FACTORS
//                writes users and items of an implicit_als of a million synthetic ratings
//   top_k_compare index FOLDER FACTORS THREADS STORAGE
//                seconds for an item_index (float32, float16 or int8) to find the best ten items
//                for each user; writes their numbers
//   top_k_compare single FOLDER FACTORS 1
//                seconds of 20 queries, one by one, of a million items, and to read as many bytes
//   top_k_compare hnsw FOLDER FACTORS THREADS LINKS BUILD_EFFORT SEARCH_EFFORT...
//                seconds to build a hnsw_index; for each effort seconds to search, and recall
// Of each time, that of processors comes next.
#include <kindred/data/synthetic.hpp>
#include <kindred/model/implicit_als.hpp>
#include <kindred/serve/hnsw.hpp>
#include <kindred/serve/item_index.hpp>
#include <kindred/serve/recall.hpp>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "../memory_bandwidth.hpp"
#include "../sign_vectors.hpp"
#include "exchange.hpp"

namespace {

constexpr std::size_t best = 10;

void write_factors(const std::string& folder, std::size_t factors) {
  const auto ratings = kindred::synthetic_ratings(
      {.num_users = 20'000, .num_items = 100'000, .num_ratings = 1'000'000, .seed = 1});
  kindred::implicit_als model{{.factors = static_cast<int>(factors), .epochs = 5}};
  model.fit(ratings);
  const auto latent = model.latent();
  const auto size = [&](kindred::index rows) { return static_cast<std::size_t>(rows) * factors; };
  exchange::write(folder + "/users", std::span(latent.user_factors, size(latent.num_users)));
  exchange::write(folder + "/items", std::span(latent.item_factors, size(latent.num_items)));
}

void race_index(const std::string& folder, std::size_t factors, const std::string& storage) {
  const auto items = exchange::read<float>(folder + "/items");
  const auto users = exchange::read<float>(folder + "/users");
  const auto as = storage == "int8"      ? kindred::item_storage::int8
                  : storage == "float16" ? kindred::item_storage::float16
                                         : kindred::item_storage::float32;
  const kindred::item_index index(items, factors, {}, {.storage = as});
  kindred::scored_lists lists;
  exchange::print_time_of([&] { lists = index.search_all(users, best); });
  std::vector<kindred::index> found;
  for (std::size_t u = 0; u < lists.size(); ++u)
    for (const auto& [item, score] : lists[u]) found.push_back(item);
  exchange::write(folder + "/found", std::span<const kindred::index>(found));
}

void race_hnsw(const std::string& folder, std::size_t factors,
               const std::vector<std::string>& numbers) {
  const auto items = exchange::read<float>(folder + "/items");
  const auto users = exchange::read<float>(folder + "/users");
  kindred::hnsw_index index(factors, {.links = std::atoi(numbers[0].c_str()),
                                      .build_effort = std::atoi(numbers[1].c_str())});
  exchange::print_time_of([&] {
    for (std::size_t i = 0; i < items.size() / factors; ++i)
      index.update(static_cast<kindred::index>(i), std::span(items).subspan(i * factors, factors));
  });
  const auto exact = kindred::item_index(items, factors).search_all(users, best);
  for (std::size_t n = 2; n < numbers.size(); ++n) {
    index.set_search_effort(std::atoi(numbers[n].c_str()));
    kindred::scored_lists lists;
    exchange::print_time_of([&] { lists = index.search_all(users, best); });
    std::printf("%.6f ", kindred::compare_lists(exact, lists).recall);
  }
}

void race_single(std::size_t factors) {
  constexpr int queries = 20;
  const auto items = kindred::bench::signs(1'000'000 * factors, 1);
  const kindred::item_index index(items, factors, {}, {.storage = kindred::item_storage::float32});
  const auto users = kindred::bench::signs(queries * factors, 2);
  const auto search = [&](int query) {
    return index.search(
        std::span(users).subspan(static_cast<std::size_t>(query) * factors, factors), best);
  };
  (void)search(0);
  exchange::print_time_of([&] {
    for (int query = 0; query < queries; ++query) (void)search(query);
  });
  const double bytes = queries * static_cast<double>(items.size() * sizeof(float));
  std::printf("%.6f", bytes / kindred::bench::read_bandwidth());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3) {
    std::fputs("see the head of top_k_compare.cpp\n", stderr);
    return 2;
  }
  const auto factors = static_cast<std::size_t>(std::atoi(words[2].c_str()));
  if (words[0] == "factors") {
    write_factors(words[1], factors);
    return 0;
  }
  const int threads = std::atoi(words.at(3).c_str());
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads));
  tbb::task_arena(threads).execute([&] {
    if (words[0] == "index")
      race_index(words[1], factors, words.at(4));
    else if (words[0] == "single")
      race_single(factors);
    else
      race_hnsw(words[1], factors, {words.begin() + 4, words.end()});
  });
}
