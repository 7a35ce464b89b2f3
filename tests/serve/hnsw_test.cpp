#include <kindred/core/error.hpp>
#include <kindred/core/random.hpp>
#include <kindred/io/save.hpp>
#include <kindred/serve/hnsw.hpp>
#include <kindred/serve/item_index.hpp>
#include <kindred/serve/recall.hpp>

#include <doctest/doctest.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "support.hpp"

namespace kindred::hnsw_test {

using namespace test;

namespace {

std::vector<float> normals(std::size_t count, std::uint64_t seed) {
  const counter_rng rng(seed);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(rng.normal(i));
  return values;
}

constexpr std::size_t factors = 12;

std::span<const float> row_of(const std::vector<float>& rows, std::size_t row) {
  return std::span(rows).subspan(row * factors, factors);
}

hnsw_index index_of(const std::vector<float>& rows, const hnsw_options& options) {
  hnsw_index made(factors, options);
  for (std::size_t i = 0; i < rows.size() / factors; ++i)
    made.update(static_cast<index>(i), row_of(rows, i));
  return made;
}

double dot_of(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t f = 0; f < a.size(); ++f)
    sum += static_cast<double>(a[f]) * static_cast<double>(b[f]);
  return sum;
}

std::vector<float> unit_rows(std::vector<float> rows) {
  for (std::size_t i = 0; i < rows.size(); i += factors) {
    const auto row = std::span(rows).subspan(i, factors);
    const double length = std::sqrt(dot_of(row, row));
    for (float& x : row) x = static_cast<float>(static_cast<double>(x) / length);
  }
  return rows;
}

std::vector<index> items_of(const std::vector<scored_item>& list) {
  std::vector<index> items;
  for (const auto& entry : list) items.push_back(entry.item);
  return items;
}

}  // namespace

TEST_CASE("It finds nearly all of the best by inner product, and by cosine") {
  const auto rows = normals(800 * factors, 1);
  const auto queries = normals(100 * factors, 2);
  const auto product = index_of(rows, {.search_effort = 100});
  CHECK(product.size() == 800);
  CHECK(measure_recall(item_index(rows, factors), product, queries, 10).recall > 0.95);
  const auto cosine = index_of(rows, {.measure = hnsw_measure::cosine, .search_effort = 100});
  const item_index exact(unit_rows(rows), factors);
  CHECK(measure_recall(exact, cosine, queries, 10).recall > 0.95);
  const auto best = cosine.search(row_of(queries, 0), 3);
  const auto units = unit_rows(queries);
  const auto expected = exact.search(row_of(units, 0), 3);
  for (std::size_t rank = 0; rank < 3; ++rank)
    CHECK(best[rank].score == doctest::Approx(expected[rank].score).epsilon(1e-5));
}

TEST_CASE_TEMPLATE("The items of a model are found with their biases", Scalar, float, double) {
  const latent_stub<Scalar> model(20, 90, 8);
  const hnsw_index made(model, {.search_effort = 90});
  CHECK(made.options().biased);
  std::vector<float> scores(90);
  for (index u = 0; u < 20; ++u) {
    model.score(u, scores);
    const auto user = model.latent().user(u);
    const auto found = made.search(std::vector<float>(user.begin(), user.end()), 90);
    REQUIRE(found.size() > 80);  // what no link leads to is not found
    CHECK(std::ranges::is_sorted(found, ranks_before));
    for (const auto& [item, score] : found) CHECK(score == scores[static_cast<std::size_t>(item)]);
  }
}

TEST_CASE("Items come, move and go") {
  auto rows = normals(200 * factors, 3);
  hnsw_index made = index_of(rows, {.search_effort = 250});
  const auto moved = normals(50 * factors, 4);
  for (std::size_t i = 0; i < 50; ++i) {
    made.update(static_cast<index>(3 * i), row_of(moved, i));
    std::copy_n(row_of(moved, i).begin(), factors,
                rows.begin() + static_cast<std::ptrdiff_t>(3 * i * factors));
  }
  for (index i = 100; i < 150; ++i) made.remove(i);
  made.remove(100);
  made.remove(7000);
  made.update(120, row_of(rows, 120));
  CHECK(made.size() == 151);
  CHECK(made.contains(120));
  CHECK(!made.contains(121));
  const auto here = [](index i) { return i < 100 || i >= 150 || i == 120; };
  const item_index exact(rows, factors);
  const auto queries = normals(40 * factors, 5);
  for (std::size_t q = 0; q < 40; ++q) {
    const auto query = row_of(queries, q);
    CHECK(items_of(made.search(query, 10)) == items_of(exact.search(query, 10, here)));
    const auto even = [](index i) { return i % 2 == 0; };
    CHECK(items_of(made.search(query, 10, even)) ==
          items_of(exact.search(query, 10, [&](index i) { return here(i) && even(i); })));
  }
  for (std::size_t i = 0; i < 200; ++i) made.remove(static_cast<index>(i));
  CHECK(made.size() == 0);
  CHECK(made.search(row_of(queries, 0), 5).empty());
  made.update(3, row_of(rows, 3));
  CHECK(items_of(made.search(row_of(queries, 0), 5)) == std::vector<index>{3});
}

TEST_CASE("The same items make the same index, and threads find the same bits") {
  const auto rows = normals(300 * factors, 6);
  const auto queries = normals(200 * factors, 7);
  const auto a = index_of(rows, {.links = 5, .search_effort = 10});
  const auto b = index_of(rows, {.links = 5, .search_effort = 10});
  scored_lists lists[2];
  for (const int threads : {1, 4})
    tbb::task_arena(threads).execute([&] { lists[threads / 4] = a.search_all(queries, 10); });
  CHECK(lists[0] == lists[1]);
  CHECK(lists[0] == b.search_all(queries, 10));
  hnsw_index::workspace memory;
  std::vector<scored_item> best(10);
  for (std::size_t q = 0; q < 200; ++q)
    CHECK(std::ranges::equal(a.search(row_of(queries, q), best, memory), lists[0][q]));
}

TEST_CASE("More effort finds more") {
  const auto rows = normals(600 * factors, 8);
  const auto queries = normals(100 * factors, 9);
  hnsw_index made = index_of(rows, {.links = 4, .build_effort = 20, .search_effort = 1});
  const item_index exact(rows, factors);
  const double little = measure_recall(exact, made, queries, 5).recall;
  made.set_search_effort(200);
  CHECK(measure_recall(exact, made, queries, 5).recall > little + 0.05);
  CHECK_THROWS_AS(made.set_search_effort(0), option_error);
  CHECK(made.options().search_effort == 200);
}

TEST_CASE("A file brings back the index, which goes on") {
  const temporary_folder folder;
  const std::string path = folder.path("index.safetensors");
  const auto rows = normals(300 * factors, 10);
  const auto queries = normals(50 * factors, 11);
  hnsw_index made = index_of(rows, {.measure = hnsw_measure::cosine, .links = 8});
  made.remove(17);
  save(made, path);
  auto loaded = load_model<hnsw_index>(path);
  CHECK(loaded.size() == 299);
  CHECK(!loaded.contains(17));
  CHECK(loaded.options().links == 8);
  CHECK(loaded.search_all(queries, 10) == made.search_all(queries, 10));
  loaded.update(17, row_of(rows, 17));
  loaded.update(400, row_of(queries, 0));
  CHECK(loaded.search(row_of(queries, 0), 1)[0].item == 400);
  save(hnsw_index(4), path);
  CHECK(load_model<hnsw_index>(path).size() == 0);
}

TEST_CASE("A file that makes no sense is refused") {
  const temporary_folder folder;
  const std::string path = folder.path("index.safetensors");
  const auto write = [&](std::vector<index> levels, std::vector<index> counts,
                         std::vector<index> links, index entry, std::vector<index> items = {0, 1}) {
    tensor_writer out(hnsw_index::kind);
    out.set("measure", hnsw_measure::inner_product);
    out.set("biased", false);
    for (const char* name : {"links", "build_effort", "search_effort", "seed", "factors"})
      out.set(name, 2);
    out.set("entry", entry);
    const auto add = [&](const char* name, const std::vector<index>& list) {
      out.add(name, shared_array<index>(aligned_vector<index>(list.begin(), list.end())),
              {list.size()});
    };
    add("levels", levels);
    add("counts", counts);
    add("neighbors", links);
    add("items", items);
    out.add("rows", shared_array<float>(aligned_vector<float>{1, 2, 3, 4}), {2, 2});
    out.add("present", shared_array<std::uint8_t>(aligned_vector<std::uint8_t>{1, 1}), {2});
    out.save(path);
    return load_model<hnsw_index>(path);
  };
  CHECK(write({1, 0}, {1, 0, 1}, {1, 0}, 0).size() == 2);
  CHECK_THROWS_AS(write({1, 0}, {1, 1, 1}, {1, 1, 0}, 0), format_error);  // no such level there
  CHECK_THROWS_AS(write({0, 0}, {1, 1}, {1, 2}, 0), format_error);        // no such node
  CHECK_THROWS_AS(write({0, 0}, {1, 2}, {1, 0}, 0), format_error);        // too few links
  CHECK_THROWS_AS(write({0, 0}, {1, 0}, {1, 0}, 0), format_error);        // too many
  CHECK_THROWS_AS(write({0, 0}, {5, 0}, {1, 1, 1, 1, 1}, 0), format_error);
  CHECK_THROWS_AS(write({0, 1}, {0, 0, 0}, {}, 0), format_error);  // not the highest
  CHECK_THROWS_AS(write({0, 0}, {0, 0}, {}, 2), format_error);
  CHECK_THROWS_AS(write({0, 0}, {0}, {}, 0), format_error);
  CHECK_THROWS_AS(write({0, 99}, {0, 0}, {}, 0), format_error);
  CHECK_THROWS_AS(write({0, 0}, {0, 0}, {}, 0, {1, 1}), format_error);
  CHECK_THROWS_AS(write({0, 0}, {0, 0}, {}, 0, {0, -1}), format_error);
  CHECK_THROWS_AS(write({0, 0}, {0, 0}, {}, 0, {0, 7}), format_error);  // item 1 has no node
}

TEST_CASE("What does not fit is refused, what has no place is not there") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  hnsw_index made(2, {.measure = hnsw_measure::cosine});
  CHECK_THROWS_AS(made.update(-1, std::vector<float>{1, 2}), data_error);
  CHECK_THROWS_AS(made.update(0, std::vector<float>{1}), data_error);
  CHECK_THROWS_AS(made.update(0, std::vector<float>{1, nan}), data_error);
  CHECK_THROWS_AS(made.update(0, std::vector<float>{1, 2}, 1), data_error);
  made.update(0, std::vector<float>{1, 2});
  made.update(1, std::vector<float>{0, 0});
  CHECK(made.size() == 1);
  made.update(0, std::vector<float>{0, 0});
  CHECK(made.size() == 0);
  made.update(5, std::vector<float>{3, 4});
  CHECK(made.search(std::vector<float>{0, 0}, 2).empty());
  CHECK(made.search(std::vector<float>{nan, 0}, 2).empty());
  CHECK(made.search(std::vector<float>{6, 8}, 2)[0].score == doctest::Approx(1));
  CHECK_THROWS_AS((void)made.search(std::vector<float>{1}, 2), data_error);
  CHECK_THROWS_AS(hnsw_index(0), option_error);
  CHECK_THROWS_AS(hnsw_index(2, {.links = 1}), option_error);
  CHECK_THROWS_AS(hnsw_index(2, {.build_effort = 0}), option_error);
}

}  // namespace kindred::hnsw_test
