// The hot loops, alone.
//   kindred_hot_loops                  a roofline: operations and bytes a second of each, and the
//                                      share of what this machine can multiply and add, or read
//   kindred_hot_loops LOOP REPEATS     runs one on one thread, for instructions.sh to count
#include <kindred/backend/mf_kernels.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/data/synthetic.hpp>
#include <kindred/model/als.hpp>
#include <kindred/model/ease.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/serve/item_index.hpp>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fma_peak.hpp"
#include "memory_bandwidth.hpp"
#include "sign_vectors.hpp"

namespace {

constexpr std::size_t factors = 64;

/// A loop with what it works on: the operations on floats and the bytes from outside the caches
/// that one run takes at the least, 0 where those do not bind it.
struct hot_loop {
  std::function<void()> run;
  double operations = 0;
  double bytes = 0;
};

kindred::dataset ratings_of(std::size_t count) {
  const auto users = static_cast<kindred::index>(count / 100);
  return kindred::synthetic_ratings(
      {.num_users = users, .num_items = users / 5, .num_ratings = count, .seed = 1});
}

/// An epoch: a product of two rows, and two steps.
hot_loop sgd(std::size_t size) {
  using kernels_type = kindred::mf_kernels<kindred::backend::tbb, float>;
  const auto ratings = ratings_of(size);
  const std::shared_ptr<kernels_type> kernels(
      new kernels_type({}, ratings, {.factors = factors, .init_scale = 0.05, .seed = 42}));
  const kindred::kernel::sgd_step<float> step{.mean = static_cast<float>(ratings.mean()),
                                              .learning_rate = 0.05F,
                                              .bias_learning_rate = 0.05F,
                                              .regularization = 0.05F,
                                              .bias_regularization = 0.02F,
                                              .per_factor = 1.0F / factors,
                                              .adagrad = true};
  const double count = static_cast<double>(ratings.size());
  return {[=, epoch = 0]() mutable { (void)kernels->epoch(step, ++epoch, {}); },
          count * 10 * factors, count * 12};
}

/// An epoch by Cholesky: half the products of rows with themselves, and the factorizations.
hot_loop als(std::size_t size) {
  const auto ratings = ratings_of(size / 4);
  const double rows = ratings.num_users() + ratings.num_items();
  const double k = factors;
  return {
      [=] {
        kindred::als model{
            {.factors = factors, .epochs = 1, .solver = kindred::als_solver{kindred::cholesky{}}}};
        model.fit(ratings);
      },
      2 * static_cast<double>(ratings.size()) * k * (k + 1) + rows * k * k * k / 3, 0};
}

hot_loop neighbours(std::size_t size) {
  const auto ratings = ratings_of(size / 2);
  double terms = 0;
  for (kindred::index u = 0; u < ratings.num_users(); ++u) {
    const auto rated = static_cast<double>(ratings.by_user(u).indices().size());
    terms += rated * rated / 2;
  }
  return {[=] {
            kindred::item_knn model{
                {.similarity = {.measure = kindred::similarity::cosine}, .neighbors = 50}};
            model.fit(ratings);
          },
          2 * terms, 0};
}

/// Counted is the inverse of a symmetric matrix, which is most of it.
hot_loop ease(std::size_t size) {
  const auto ratings = ratings_of(size / 2);
  const double items = ratings.num_items();
  return {[=] {
            kindred::ease model{{}};
            model.fit(ratings);
          },
          items * items * items, 0};
}

hot_loop many_queries(std::size_t size) {
  const auto index = std::make_shared<kindred::item_index>(
      kindred::bench::signs(size / 20 * factors, 1), factors, std::vector<float>{},
      kindred::item_index_options{.storage = kindred::item_storage::float32});
  const auto users = kindred::bench::signs(192 * factors, 2);
  return {[=] { (void)index->search_all(users, 10); },
          2.0 * 192 * static_cast<double>(size / 20) * factors, 0};
}

hot_loop one_query(std::size_t size) {
  const auto items = kindred::bench::signs(size / 2 * factors, 1);
  const auto index = std::make_shared<kindred::item_index>(
      items, factors, std::vector<float>{},
      kindred::item_index_options{.storage = kindred::item_storage::float32});
  const auto user = kindred::bench::signs(factors, 2);
  return {[=] { (void)index->search(user, 10); }, 2.0 * static_cast<double>(items.size()),
          4.0 * static_cast<double>(items.size())};
}

const std::map<std::string, hot_loop (*)(std::size_t)> loops = {{"sgd", sgd},
                                                                {"als", als},
                                                                {"neighbours", neighbours},
                                                                {"ease", ease},
                                                                {"many_queries", many_queries},
                                                                {"one_query", one_query}};

void roofline(int threads) {
  const double peak = kindred::bench::fma_peak(threads);
  const double read = kindred::bench::read_bandwidth();
  std::printf("\n%d threads: %.0f G operations a second; one thread reads %.1f GB a second\n\n",
              threads, peak / 1e9, read / 1e9);
  std::puts(
      "| loop | ms | G operations a second | share of peak | GB a second | share of reading |");
  std::puts("|---|---|---|---|---|---|");
  for (const auto& [name, make] : loops) {
    const hot_loop loop = make(2'000'000);
    double best = 1e9;
    tbb::task_arena(threads).execute([&] {
      for (int round = 0; round < 5; ++round) {
        const auto start = std::chrono::steady_clock::now();
        loop.run();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        best = std::min(best, took.count());
      }
    });
    std::printf("| %s | %.2f | %.1f | %.2f |", name.c_str(), best * 1e3,
                loop.operations / best / 1e9, loop.operations / best / peak);
    if (loop.bytes > 0)
      std::printf(" %.1f | %.2f |\n", loop.bytes / best / 1e9, loop.bytes / best / read);
    else
      std::puts(" | |");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && loops.contains(argv[1])) {
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    const hot_loop loop = loops.at(argv[1])(200'000);
    for (int left = std::stoi(argv[2]); left > 0; --left) loop.run();
  } else if (argc == 1) {
    for (const int threads : {1, 2}) {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                      static_cast<std::size_t>(threads));
      roofline(threads);
    }
  } else {
    for (const auto& [name, make] : loops) std::puts(name.c_str());
    return 2;
  }
}
