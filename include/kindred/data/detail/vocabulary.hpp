#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/detail/terms.hpp>
#include <kindred/data/feature_columns.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/data/id_map_builder.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

/// FNV-1a in 64 bits (Fowler, Noll, Vo, "The FNV non-cryptographic hash algorithm", RFC 9923): part
/// of the model format, hence the same everywhere and for ever.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

/// Numbers terms, which are categories or tokens: by a list of those that are known, behind 0 for
/// all others, or by hash.
class vocabulary {
 public:
  vocabulary() = default;
  /// Throws data_error for a negative number of buckets.
  vocabulary(id_map terms, index buckets) : terms_(std::move(terms)), buckets_(buckets) {
    if (buckets < 0) throw data_error("vocabulary: buckets < 0");
  }

  /// The terms that at least `min_count` of these rows have, in order of appearance.
  template <class Column>
  [[nodiscard]] static vocabulary of(const Column& column, std::span<const index> rows,
                                     index min_count) {
    id_map_builder builder;
    std::vector<index> counts;
    std::vector<index> row_terms;
    for (const index row : rows) {
      row_terms.clear();
      for_each_term(column, row,
                    [&](std::string_view term) { row_terms.push_back(builder.intern(term)); });
      std::sort(row_terms.begin(), row_terms.end());
      row_terms.erase(std::unique(row_terms.begin(), row_terms.end()), row_terms.end());
      counts.resize(static_cast<std::size_t>(builder.size()));
      for (const index term : row_terms) ++counts[static_cast<std::size_t>(term)];
    }
    const id_map all = builder.finish();
    for (index term = 0; term < all.size(); ++term)
      if (counts[static_cast<std::size_t>(term)] >= min_count) builder.intern(all.id(term));
    return {builder.finish(), 0};
  }

  [[nodiscard]] bool hashed() const noexcept { return buckets_ > 0; }
  [[nodiscard]] index buckets() const noexcept { return buckets_; }
  [[nodiscard]] const id_map& terms() const noexcept { return terms_; }

  /// How many numbers there are.
  [[nodiscard]] std::int64_t size() const noexcept {
    return hashed() ? buckets_ : std::int64_t{1} + terms_.size();
  }
  [[nodiscard]] index number(std::string_view term) const noexcept {
    if (hashed()) return static_cast<index>(fnv1a(term) % static_cast<std::uint64_t>(buckets_));
    return terms_.find_or_unknown(term) - unknown_index;
  }

 private:
  id_map terms_;
  index buckets_ = 0;
};

}  // namespace kindred::detail
