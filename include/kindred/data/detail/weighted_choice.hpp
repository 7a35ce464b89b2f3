#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// The weights (rank + 1)^-exponent.
[[nodiscard]] inline std::vector<double> power_law(index count, double exponent) {
  std::vector<double> weights(static_cast<std::size_t>(count));
  for (std::size_t rank = 0; rank < weights.size(); ++rank)
    weights[rank] = std::pow(static_cast<double>(rank) + 1, -exponent);
  return weights;
}

/// `by_rank` with its ranks dealt out at random.
template <class T>
[[nodiscard]] std::vector<T> deal(const std::vector<T>& by_rank, std::uint64_t seed) {
  std::vector<T> dealt(by_rank.size());
  const random_permutation place(by_rank.size(), seed);
  for (std::size_t rank = 0; rank < by_rank.size(); ++rank)
    dealt[static_cast<std::size_t>(place(rank))] = by_rank[rank];
  return dealt;
}

/// Shares `total` out in proportion to the weights, at most `most` to each; the shares add up to
/// `total`. Preconditions: weights descend; total <= most * weights.size().
[[nodiscard]] inline std::vector<std::size_t> share_out(std::size_t total,
                                                        std::span<const double> weights,
                                                        std::size_t most) {
  // Summed up from the least, to be exact to the end.
  std::vector<double> from_here(weights.size());
  double sum = 0;
  for (std::size_t k = weights.size(); k-- > 0;) from_here[k] = sum += weights[k];
  std::vector<std::size_t> shares(weights.size());
  // Each takes its part of what is left; what is cut off above `most` goes to those after it.
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double part = static_cast<double>(total) * (weights[k] / from_here[k]);
    const std::size_t room = (weights.size() - k - 1) * most;
    shares[k] = std::clamp(static_cast<std::size_t>(std::llround(part)),
                           total > room ? total - room : 0, std::min(most, total));
    total -= shares[k];
  }
  return shares;
}

/// Draws from a discrete distribution in O(1): Walker's alias method, built as by Vose, "A linear
/// algorithm for generating random numbers with a given distribution" (1991).
class alias_table {
 public:
  explicit alias_table(std::span<const double> weights)
      : entries_(weights.size()), scale_(static_cast<double>(weights.size())) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<double> mass(weights.size());
    std::vector<std::size_t> small;
    std::vector<std::size_t> large;
    for (std::size_t k = 0; k < mass.size(); ++k) {
      mass[k] = weights[k] / sum * scale_;
      entries_[k] = {1.0F, static_cast<index>(k)};
      (mass[k] < 1 ? small : large).push_back(k);
    }
    while (!small.empty() && !large.empty()) {
      const std::size_t s = small.back();
      const std::size_t l = large.back();
      small.pop_back();
      entries_[s] = {static_cast<float>(mass[s]), static_cast<index>(l)};
      mass[l] -= 1 - mass[s];
      if (mass[l] >= 1) continue;
      large.pop_back();
      small.push_back(l);
    }
  }

  /// `uniform` is in [0, 1): its whole part in units of 1/size chooses an entry, the rest decides.
  [[nodiscard]] index draw(double uniform) const noexcept {
    const double scaled = uniform * scale_;
    const auto k = std::min(static_cast<std::size_t>(scaled), entries_.size() - 1);
    const double rest = scaled - static_cast<double>(k);
    return rest < double{entries_[k].keep} ? static_cast<index>(k) : entries_[k].alias;
  }

  /// `scaled` is in [0, size), with 32 binary digits behind the point. Without a branch, since the
  /// processor could not foretell it.
  [[nodiscard]] index draw_fixed(std::int64_t scaled) const noexcept {
    const auto k = static_cast<index>(scaled >> 32);
    const entry e = entries_[static_cast<std::size_t>(k)];
    const float rest = static_cast<float>(static_cast<std::uint32_t>(scaled)) * 0x1.0p-32F;
    const index own = -static_cast<index>(rest < e.keep);
    return (k & own) | (e.alias & ~own);
  }

 private:
  struct entry {
    float keep;
    index alias;
  };

  std::vector<entry> entries_;
  double scale_;
};

/// Chooses different items, one after another in proportion to the weights of those not chosen yet.
class item_chooser {
 public:
  item_chooser(std::span<const double> weights, std::uint64_t seed)
      : weights_(weights), table_(weights), draws_(seed, 0x64726177), keys_(seed, 0x6b657973) {}

  /// Fills `items`, in ascending order; different numbers choose independently. Expected time is
  /// linear in the items chosen. Precondition: items.size() <= number of weights.
  void choose(std::uint32_t number, std::span<index> items) const {
    const std::size_t drawn = draw(number, items);
    if (drawn < items.size()) complete(number, items, drawn);
    std::sort(items.begin(), items.end());
  }

 private:
  /// Draws again what was drawn before, until all are there or it takes too long.
  std::size_t draw(std::uint32_t number, std::span<index> items) const {
    if (2 * items.size() > weights_.size()) return 0;
    std::vector<index> seen(std::bit_ceil(2 * items.size() + 1), unknown_index);
    const std::size_t mask = seen.size() - 1;
    std::size_t count = 0;
    const std::uint64_t tries = 4 * items.size() + 64;
    for (std::uint64_t t = 0; t < tries && count < items.size(); ++t) {
      const index item = table_.draw(draws_.uniform((std::uint64_t{number} << 32) | t));
      std::size_t slot = static_cast<std::size_t>(mix(static_cast<std::uint64_t>(item))) & mask;
      while (seen[slot] != unknown_index && seen[slot] != item) slot = (slot + 1) & mask;
      if (seen[slot] == item) continue;
      seen[slot] = item;
      items[count++] = item;
    }
    return count;
  }

  /// Chooses the others in one sweep: the least of exponential variates divided by the weights are
  /// distributed like successive draws (Efraimidis and Spirakis, "Weighted random sampling with a
  /// reservoir", 2006).
  void complete(std::uint32_t number, std::span<index> items, std::size_t chosen) const {
    std::vector<bool> taken(weights_.size());
    for (const index item : items.first(chosen)) taken[static_cast<std::size_t>(item)] = true;
    std::vector<std::pair<double, index>> keys;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      if (taken[i]) continue;
      const double uniform = 1 - keys_.uniform((std::uint64_t{number} << 32) | i);
      keys.emplace_back(-std::log(uniform) / weights_[i], static_cast<index>(i));
    }
    const std::size_t rest = items.size() - chosen;
    std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(rest - 1),
                     keys.end());
    for (std::size_t k = 0; k < rest; ++k) items[chosen + k] = keys[k].second;
  }

  std::span<const double> weights_;
  alias_table table_;
  counter_rng draws_;
  counter_rng keys_;
};

}  // namespace kindred::detail
