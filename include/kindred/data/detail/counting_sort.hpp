#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Rows cut into equal runs by their number alone, so that what is counted by run does not depend
/// on the threads.
class row_chunks {
 public:
  row_chunks(std::size_t rows, std::size_t at_most) noexcept
      : rows_(rows), size_(std::max(least, (rows + at_most - 1) / at_most)) {}

  [[nodiscard]] std::size_t count() const noexcept { return (rows_ + size_ - 1) / size_; }

  /// Calls `body(chunk, begin, end)` for each run, in parallel.
  template <class Body>
  void for_each(const Body& body) const {
    parallel_for(count(), 1, [&](std::size_t first, std::size_t last) {
      for (std::size_t c = first; c < last; ++c)
        body(c, c * size_, std::min(rows_, (c + 1) * size_));
    });
  }

 private:
  static constexpr std::size_t least = std::size_t{1} << 16;

  std::size_t rows_;
  std::size_t size_;
};

/// Turns counts into the places where each group begins; returns the total.
template <class Count>
Count exclusive_scan(std::span<Count> counts) noexcept {
  Count sum = 0;
  for (Count& count : counts) sum += std::exchange(count, sum);
  return sum;
}

// The two halves of a counting sort meet in `visit(begin, end, f)`, which calls `f(record)` for the
// rows of a range in order, and `key(record)`, which is in 0 .. num_keys-1.

/// How many rows come before those of each key, sorted by key: num_keys + 1 numbers. O(rows +
/// keys).
template <class Visit, class Key>
[[nodiscard]] aligned_vector<index> count_offsets(std::size_t rows, index num_keys,
                                                  const Visit& visit, const Key& key) {
  const auto keys = static_cast<std::size_t>(num_keys);
  // Each run counts for itself; together they take at most a byte a row.
  const row_chunks chunks(rows, std::clamp<std::size_t>(rows / (4 * (keys + 1)), 1, 16));
  std::vector<aligned_vector<index>> counts(chunks.count());
  chunks.for_each([&](std::size_t c, std::size_t begin, std::size_t end) {
    counts[c].assign(keys, 0);
    visit(begin, end,
          [&](const auto& record) { ++counts[c][static_cast<std::size_t>(key(record))]; });
  });
  aligned_vector<index> offsets(keys + 1, 0);
  parallel_for(keys, 1 << 14, [&](std::size_t begin, std::size_t end) {
    for (const auto& count : counts)
      for (std::size_t k = begin; k < end; ++k) offsets[k] += count[k];
  });
  exclusive_scan(std::span(offsets));
  return offsets;
}

/// Records in buckets of consecutive keys, in their order of arrival inside a bucket.
template <class Record>
struct partitioned_records {
  aligned_vector<Record> records;
  std::vector<std::size_t> bucket_begins;  ///< one more than there are buckets
};

/// The first half of a stable counting sort: moves rows into at most 512 buckets of about as many
/// rows each, few enough that the processor writes to all of them at once without missing its
/// caches. A key's bucket is the one that its first row falls into.
template <class Record, class Visit, class Key>
[[nodiscard]] partitioned_records<Record> partition(std::size_t rows,
                                                    std::span<const index> offsets,
                                                    const Visit& visit, const Key& key) {
  const int shift = std::max(15, static_cast<int>(std::bit_width(rows)) - 9);
  const std::size_t buckets = (rows >> shift) + 1;
  const auto bucket_of = [&](const Record& record) {
    return static_cast<std::size_t>(offsets[static_cast<std::size_t>(key(record))] >> shift);
  };

  const row_chunks chunks(rows, 128);
  std::vector<std::vector<std::size_t>> places(chunks.count(), std::vector<std::size_t>(buckets));
  chunks.for_each([&](std::size_t c, std::size_t begin, std::size_t end) {
    visit(begin, end, [&](const Record& record) { ++places[c][bucket_of(record)]; });
  });

  partitioned_records<Record> result{aligned_vector<Record>(rows), {}};
  std::size_t place = 0;
  for (std::size_t b = 0; b < buckets; ++b) {
    result.bucket_begins.push_back(place);
    for (auto& of_chunk : places) place += std::exchange(of_chunk[b], place);
  }
  result.bucket_begins.push_back(place);

  chunks.for_each([&](std::size_t c, std::size_t begin, std::size_t end) {
    visit(begin, end,
          [&](const Record& record) { result.records[places[c][bucket_of(record)]++] = record; });
  });
  return result;
}

/// The second half: calls `store(place, record)` with the place of each record in the sorted order,
/// in parallel over the buckets.
template <class Record, class Key, class Store>
void place_records(const partitioned_records<Record>& partitioned, std::span<const index> offsets,
                   const Key& key, const Store& store) {
  aligned_vector<index> next(offsets.begin(), offsets.end());
  const auto& begins = partitioned.bucket_begins;
  parallel_for(begins.size() - 1, 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = begins[first]; r < begins[last]; ++r) {
      const Record& record = partitioned.records[r];
      store(static_cast<std::size_t>(next[static_cast<std::size_t>(key(record))]++), record);
    }
  });
}

}  // namespace kindred::detail
