#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kindred {

/// A rating that an application has just got.
struct live_rating {
  std::string user{};
  std::string item{};
  float value = 0;
  float weight = 1;                    ///< finite and > 0
  std::optional<std::int64_t> time{};  ///< Unix seconds; that of its arrival if there is none
};

/// What became of some ratings.
struct live_counts {
  std::uint64_t added = 0;       ///< of pairs of user and item that had none
  std::uint64_t changed = 0;     ///< took the place of another value or weight
  std::uint64_t duplicates = 0;  ///< were there already: changed nothing
  std::uint64_t rejected = 0;

  live_counts& operator+=(const live_counts& more) noexcept {
    added += more.added;
    changed += more.changed;
    duplicates += more.duplicates;
    rejected += more.rejected;
    return *this;
  }
  friend bool operator==(const live_counts&, const live_counts&) = default;
};

}  // namespace kindred
