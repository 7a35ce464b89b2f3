// Reading 10 million ratings from Arrow arrays in memory, in ratings a second: the rows alone, and
// into a dataset.
#include <kindred/data/load.hpp>
#include <kindred/source/arrow.hpp>

#include <benchmark/benchmark.h>
#include <tbb/task_arena.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rating_text.hpp"

namespace {

constexpr std::int64_t rows = 10'000'000;
constexpr std::int64_t ids = 200'001;

/// Texts in the layout of utf8.
struct text_column {
  std::vector<std::int32_t> offsets{0};
  std::string bytes;

  void add(std::int64_t id) {
    bytes += std::to_string(id);
    offsets.push_back(static_cast<std::int32_t>(bytes.size()));
  }
};

/// The same ratings with ids of every kind.
struct rating_table {
  std::vector<std::int64_t> users, items, times;
  std::vector<std::int32_t> user_keys, item_keys;
  text_column user_texts, item_texts, all_ids;
  std::vector<double> stars;

  rating_table() {
    for (std::int64_t id = 0; id < ids; ++id) all_ids.add(id);
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto row = kindred::bench::rating_at(static_cast<std::size_t>(r));
      users.push_back(row.user);
      items.push_back(row.item);
      user_keys.push_back(static_cast<std::int32_t>(row.user));
      item_keys.push_back(static_cast<std::int32_t>(row.item));
      user_texts.add(row.user);
      item_texts.add(row.item);
      stars.push_back(row.stars);
      times.push_back(row.time * 1'000'000);
    }
  }
};

/// An array that is lent, and of which nothing has to be given back.
struct lent_array {
  ArrowSchema schema{};
  ArrowArray array{};
  std::vector<const void*> buffers;
  std::vector<ArrowSchema*> child_schemas;
  std::vector<ArrowArray*> children;

  /// Buffers behind a validity bitmap that it does not need.
  lent_array(const char* format, const char* name, std::int64_t length,
             std::vector<const void*> values, lent_array* dictionary = nullptr)
      : buffers(std::move(values)) {
    buffers.insert(buffers.begin(), nullptr);
    schema.format = format;
    schema.name = name;
    schema.release = [](ArrowSchema* lent) { lent->release = nullptr; };
    array.length = length;
    array.buffers = buffers.data();
    array.n_buffers = static_cast<std::int64_t>(buffers.size());
    array.release = [](ArrowArray* lent) { lent->release = nullptr; };
    if (dictionary == nullptr) return;
    schema.dictionary = &dictionary->schema;
    array.dictionary = &dictionary->array;
  }

  void add(lent_array& child) {
    child_schemas.push_back(&child.schema);
    children.push_back(&child.array);
    schema.children = child_schemas.data();
    array.children = children.data();
    schema.n_children = array.n_children = static_cast<std::int64_t>(children.size());
  }
};

enum id_type : std::int64_t { integers, texts, dictionary };

template <class Work>
void read_arrays(benchmark::State& state, const Work& work) {
  static const rating_table table;
  lent_array all_ids("u", "", ids, {table.all_ids.offsets.data(), table.all_ids.bytes.data()});
  const auto id_column = [&](const char* name, const auto& numbers, const auto& keys,
                             const text_column& texts_of_rows) -> lent_array {
    if (state.range(0) == integers) return {"l", name, rows, {numbers.data()}};
    if (state.range(0) == dictionary) return {"i", name, rows, {keys.data()}, &all_ids};
    return {"u", name, rows, {texts_of_rows.offsets.data(), texts_of_rows.bytes.data()}};
  };
  lent_array users = id_column("user", table.users, table.user_keys, table.user_texts);
  lent_array items = id_column("item", table.items, table.item_keys, table.item_texts);
  lent_array stars("g", "rating", rows, {table.stars.data()});
  lent_array times("tsu:UTC", "time", rows, {table.times.data()});
  lent_array batch("+s", "", rows, {});
  for (lent_array* const column : {&users, &items, &stars, &times}) batch.add(*column);

  tbb::task_arena arena(static_cast<int>(state.range(1)));
  for ([[maybe_unused]] auto round : state)
    arena.execute([&] {
      ArrowSchema schema = batch.schema;
      ArrowArray array = batch.array;
      work(kindred::arrow_source(&schema, &array));
    });
  state.SetItemsProcessed(rows * static_cast<std::int64_t>(state.iterations()));
}

void read(benchmark::State& state) {
  read_arrays(state, [](kindred::arrow_source source) {
    for (kindred::rating_batch batch; source.next(batch);)
      benchmark::DoNotOptimize(batch.values.data());
  });
}

void load(benchmark::State& state) {
  read_arrays(state, [](kindred::arrow_source source) {
    benchmark::DoNotOptimize(kindred::load(source).size());
  });
}

BENCHMARK(read)
    ->ArgNames({"ids", "threads"})
    ->ArgsProduct({{integers, texts, dictionary}, {1}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(load)
    ->ArgNames({"ids", "threads"})
    ->ArgsProduct({{integers, texts, dictionary}, {1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
