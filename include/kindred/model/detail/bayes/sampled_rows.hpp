#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/model/detail/bayes/population.hpp>
#include <kindred/model/detail/bayes/variates.hpp>
#include <kindred/model/detail/biased_side.hpp>
#include <kindred/model/detail/host_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Some draws of users, or of items, side by side: a row holds the factors of one draw after the
/// other. Behind the rows of all comes the mean of the population, which stands in for whoever has
/// no ratings, and one who was drawn from it, which tells how far they may be from the mean.
///
/// Factors are divided by the root of the number of draws: so the inner product of the rows of a
/// user and an item is the mean of those of the draws.
class sampled_rows {
 public:
  static constexpr std::string_view kind = "sampled_rows";

  sampled_rows() = default;

  [[nodiscard]] index size() const noexcept { return static_cast<index>(counts_.size()); }
  [[nodiscard]] std::size_t draws() const noexcept { return draws_; }
  /// Of one draw.
  [[nodiscard]] std::size_t factors() const noexcept { return factors_; }
  /// Of a row: draws x factors.
  [[nodiscard]] std::size_t width() const noexcept { return draws_ * factors_; }

  /// Where to read what is expected of an index.
  [[nodiscard]] std::size_t expected(index row) const noexcept {
    // A negative one converts to one beyond.
    return std::min(static_cast<std::size_t>(row), counts_.size());
  }
  /// Where to read how it varies.
  [[nodiscard]] std::size_t drawn(index row) const noexcept {
    const auto r = static_cast<std::size_t>(row);
    return r < counts_.size() && counts_[r] > 0 ? r : counts_.size() + 1;
  }

  [[nodiscard]] const float* vector(std::size_t at) const noexcept {
    return vectors_.data() + at * width();
  }
  /// A number for each draw.
  [[nodiscard]] const float* biases(std::size_t at) const noexcept {
    return biases_.data() + at * draws_;
  }
  [[nodiscard]] float mean_bias(std::size_t at) const noexcept { return mean_biases_[at]; }

  /// Of all rows, in place.
  [[nodiscard]] const float* vectors() const noexcept { return vectors_.data(); }
  [[nodiscard]] const float* mean_biases() const noexcept { return mean_biases_.data(); }
  /// How many ratings each has in training.
  [[nodiscard]] std::span<const index> counts() const noexcept { return counts_.span(); }

  template <class Writer>
  void write(Writer& out) const {
    const std::size_t rows = counts_.size() + 2;
    out.add("vectors", vectors_, {rows, draws_, factors_});
    out.add("biases", biases_, {rows, draws_});
    out.add("counts", counts_, {counts_.size()});
  }
  /// Throws data_error unless the arrays fit one another.
  template <class Reader>
  [[nodiscard]] static sampled_rows read(const Reader& in) {
    auto counts = in.template array<index>("counts");
    const std::size_t rows = counts.size() + 2;
    const std::vector<std::size_t> shape = in.shape("vectors");
    if (counts.empty() || shape.size() != 3 || shape[1] == 0 || shape[2] == 0)
      throw data_error("the arrays of sampled rows contradict each other");
    const std::size_t draws = shape[1];
    const std::size_t factors = shape[2];
    return {std::move(counts), draws, factors,
            in.template array<float>("vectors", {rows, draws, factors}),
            in.template array<float>("biases", {rows, draws})};
  }

 private:
  friend class sample_store;

  sampled_rows(shared_array<index> counts, std::size_t draws, std::size_t factors,
               shared_array<float> vectors, shared_array<float> biases)
      : draws_(draws),
        factors_(factors),
        vectors_(std::move(vectors)),
        biases_(std::move(biases)),
        counts_(std::move(counts)) {
    aligned_vector<float> means(counts_.size() + 2);
    for (std::size_t r = 0; r < means.size(); ++r) {
      double sum = 0;
      for (std::size_t s = 0; s < draws_; ++s) sum += static_cast<double>(biases_[r * draws_ + s]);
      means[r] = static_cast<float>(sum / static_cast<double>(draws_));
    }
    mean_biases_ = std::move(means);
  }

  std::size_t draws_ = 0;
  std::size_t factors_ = 0;
  shared_array<float> vectors_;
  shared_array<float> biases_;
  shared_array<float> mean_biases_ = aligned_vector<float>(2, 0.0F);
  shared_array<index> counts_;
};

/// Collects draws of one side.
class sample_store {
 public:
  sample_store() = default;
  sample_store(const biased_side& side, std::size_t capacity)
      : capacity_(capacity),
        factors_(side.factors),
        vectors_((side.size() + 2) * capacity * side.factors),
        biases_((side.size() + 2) * capacity) {
    for (std::size_t r = 0; r < side.size(); ++r)
      counts_.push_back(side.ratings.offsets[r + 1] - side.ratings.offsets[r]);
  }

  /// Makes what a chain is at, with the population that its rows are from, draw number `at`.
  void store(const host_loop& loop, const biased_side& side, const population& people,
             variates& random, std::size_t at) {
    for_each_index(loop, side.size(), [&](std::size_t r) {
      if (!side.rated(r)) return put(r, at, people.mean(), side);
      std::copy_n(side.row(r) + 1, factors_, vector(r, at));
      biases_[r * capacity_ + at] = side.row(r)[side.bias()];
    });
    put(side.size(), at, people.mean(), side);
    std::vector<double> someone(factors_ + 1);
    for (double& x : someone) x = random.normal();
    people.spread(someone);
    for (std::size_t f = 0; f < someone.size(); ++f) someone[f] += people.mean()[f];
    put(side.size() + 1, at, someone, side);
  }

  /// The first `draws` of them, no more than there is room for.
  [[nodiscard]] sampled_rows take(std::size_t draws) const {
    const std::size_t rows = counts_.size() + 2;
    const float scale = 1 / std::sqrt(static_cast<float>(draws));
    aligned_vector<float> vectors(rows * draws * factors_);
    aligned_vector<float> biases(rows * draws);
    for (std::size_t r = 0; r < rows; ++r) {
      const float* const from = vectors_.data() + r * capacity_ * factors_;
      float* const to = vectors.data() + r * draws * factors_;
      for (std::size_t f = 0; f < draws * factors_; ++f) to[f] = scale * from[f];
      std::copy_n(biases_.data() + r * capacity_, draws, biases.data() + r * draws);
    }
    return {counts_, draws, factors_, std::move(vectors), std::move(biases)};
  }

 private:
  [[nodiscard]] float* vector(std::size_t r, std::size_t at) noexcept {
    return vectors_.data() + (r * capacity_ + at) * factors_;
  }
  /// The own numbers of a row: a user's begin with the bias, an item's end in it.
  void put(std::size_t r, std::size_t at, std::span<const double> own, const biased_side& side) {
    const std::size_t factors_begin = 1 - side.first();
    for (std::size_t f = 0; f < factors_; ++f)
      vector(r, at)[f] = static_cast<float>(own[factors_begin + f]);
    biases_[r * capacity_ + at] = static_cast<float>(own[side.bias() - side.first()]);
  }

  std::size_t capacity_ = 0;
  std::size_t factors_ = 0;
  aligned_vector<float> vectors_;
  aligned_vector<float> biases_;
  aligned_vector<index> counts_;
};

}  // namespace kindred::detail
