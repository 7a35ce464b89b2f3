#pragma once

#include <kindred/core/parallel.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/hybrid/least_squares.hpp>
#include <kindred/model/detail/hybrid/parts.hpp>
#include <kindred/model/detail/hybrid/standard_scores.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace kindred::detail {

/// Regression of relevance, 1 or 0, on standardised scores; in memory that is allocated once.
template <class... Models>
class relevance_regression {
 public:
  /// Features are 1 and the scores.
  using sums = normal_equations<sizeof...(Models) + 1>;

  relevance_regression(const parts<Models...>& models, const dataset& train,
                       const dataset& validation)
      : models_(models),
        train_(train),
        validation_(validation),
        role_(static_cast<std::size_t>(models.num_items())) {
    scores_.fill(std::vector<float>(role_.size()));
  }

  /// Adds all items that the user lacks in `train`, if the user has any in `validation`.
  void add(index user, sums& to) {
    if (validation_.by_user(user).empty()) return;
    auto* scores = scores_.data();
    models_.for_each([&](const auto& model) {
      model.score(user, std::span<float>(*scores));
      standardize(*scores++);
    });
    mark(user);
    for (std::size_t i = 0; i < role_.size(); ++i) {
      typename sums::vector features{1};
      for (std::size_t m = 0; m < scores_.size(); ++m)
        features[m + 1] = static_cast<double>(scores_[m][i]);
      const bool finite = std::all_of(features.begin(), features.end(),
                                      [](double score) { return std::isfinite(score); });
      if (finite && role_[i] != role::seen) to.add(features, role_[i] == role::relevant ? 1 : 0);
    }
  }

 private:
  enum class role : unsigned char { irrelevant, relevant, seen };

  void mark(index user) {
    std::fill(role_.begin(), role_.end(), role::irrelevant);
    for (const index item : validation_.by_user(user).indices())
      role_[static_cast<std::size_t>(item)] = role::relevant;
    for (const index item : train_.by_user(user).indices())
      role_[static_cast<std::size_t>(item)] = role::seen;
  }

  const parts<Models...>& models_;
  const dataset& train_;
  const dataset& validation_;
  std::array<std::vector<float>, sizeof...(Models)> scores_;
  std::vector<role> role_;
};

/// The same bits on any number of threads. Precondition: all three are of the same size.
template <class... Models>
[[nodiscard]] auto regress_relevance(const parts<Models...>& models, const dataset& train,
                                     const dataset& validation) {
  using regression = relevance_regression<Models...>;
  constexpr std::size_t users_per_block = 16;  // shares the memory of the scores
  const auto sums_of = [&](std::size_t first, std::size_t last) {
    regression users(models, train, validation);
    typename regression::sums sums;
    for (std::size_t u = first; u < last; ++u) users.add(static_cast<index>(u), sums);
    return sums;
  };
  return parallel_sum(static_cast<std::size_t>(validation.num_users()), sums_of, users_per_block);
}

}  // namespace kindred::detail
