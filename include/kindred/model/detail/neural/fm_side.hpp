#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_field.hpp>
#include <kindred/model/detail/host_loop.hpp>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace kindred::detail {

/// The sum of w (e - h step)^2 over ratings as a function of a step, but for a constant and the
/// factor -2: slope step - curvature step^2 / 2. Here w is the weight of a rating, e its error, h
/// by how much its prediction grows with the parameter.
struct fm_parabola {
  double slope = 0;      ///< sum of w h e
  double curvature = 0;  ///< sum of w h^2

  void add(double w, double h, float e) noexcept {
    slope += w * h * static_cast<double>(e);
    curvature += w * h * h;
  }
  fm_parabola& operator+=(const fm_parabola& other) noexcept {
    slope += other.slope;
    curvature += other.curvature;
    return *this;
  }
};

/// Makes steps end in draws from where errors of this precision, and the penalties with them, would
/// have the parameter.
struct fm_noise {
  counter_rng random{0};
  double precision = 1;
};

/// A column of the parameters, one number a slot: the weights, or one of the factors.
struct fm_column {
  std::span<float> numbers;
  std::span<const double> scales;  ///< of the penalty of each
  double penalty = 0;
  bool weights = false;
  std::span<const double> centers{};  ///< what each is drawn to by its penalty; 0 if empty
  const fm_noise* noise = nullptr;    ///< null if steps are to end where they should

  [[nodiscard]] double operator()(index slot) const noexcept {
    return static_cast<double>(numbers[static_cast<std::size_t>(slot)]);
  }
  [[nodiscard]] double dot(const encoded_entries& entries) const noexcept {
    double sum = 0;
    for (std::size_t e = 0; e < entries.size(); ++e)
      sum += static_cast<double>(entries.values[e]) * (*this)(entries.slots[e]);
    return sum;
  }

  /// Moves a number to where errors and penalty are least along it, or draws it around there; to
  /// its center if no error depends on it. Returns the step.
  double minimize(std::size_t slot, const fm_parabola& errors) const noexcept {
    const auto before = static_cast<double>(numbers[slot]);
    const double pull = penalty * scales[slot];
    const double center = centers.empty() ? 0 : centers[slot];
    const double bend = errors.curvature + pull;
    double least = center;
    if (bend > 0) least = (errors.slope + errors.curvature * before + pull * center) / bend;
    if (noise != nullptr && errors.curvature > 0)
      least += noise->random.normal(slot) / std::sqrt(noise->precision * bend);
    numbers[slot] = static_cast<float>(least);
    return static_cast<double>(numbers[slot]) - before;
  }
};

/// What the ratings of one user (or item) come to for steps in its own features. In the column at
/// hand, r is what the rest of a sample adds up to, the item (or user) and the contexts: a feature
/// of value x that stands beside t of the own ones has h = x (t + r).
struct fm_moments {
  double w = 0;    ///< sum of weights w
  double wr = 0;   ///< of w r
  double wrr = 0;  ///< of w r^2
  double we = 0;   ///< of w e
  double wer = 0;  ///< of w e r
  // The predictions have grown by shift + tilt r.
  double shift = 0;
  double tilt = 0;

  void add(double weight, double r, double e) noexcept {
    w += weight;
    wr += weight * r;
    wrr += weight * r * r;
    we += weight * e;
    wer += weight * e * r;
  }
  [[nodiscard]] fm_parabola parabola(double x, double t) const noexcept {
    return {x * (t * we + wer), x * x * (t * t * w + 2 * t * wr + wrr)};
  }
  /// The predictions grow by change (t + r).
  void grow(double change, double t) noexcept {
    we -= change * (t * w + wr);
    wer -= change * (t * wr + wrr);
    shift += change * t;
    tilt += change;
  }
  [[nodiscard]] double growth(double r) const noexcept { return shift + tilt * r; }
};

/// The features of all users, or of all items, in training: steps in them cost O(entries), however
/// many ratings there are (Rendle, "Scaling factorization machines to relational data", VLDB 2013).
class fm_side {
 public:
  /// Of those that have ratings: entity e has offsets[e] .. offsets[e + 1] - 1. All must outlive
  /// it.
  fm_side(const encoded_rows& rows, std::span<const feature_field> fields,
          std::span<const index> offsets, const host_loop& loop)
      : rows_(rows),
        fields_(fields),
        offsets_(offsets),
        loop_(loop),
        moments_(offsets.size() - 1),
        sums_(size()),
        beside_(size()) {
    transpose();
  }

  [[nodiscard]] std::size_t size() const noexcept { return moments_.size(); }
  /// Adds, for each slot, the squares of its values in all ratings.
  void add_squares(std::vector<double>& slots) const {
    for (std::size_t e = 0; e < size(); ++e) {
      const encoded_entries all = row(e).all();
      for (std::size_t k = 0; k < all.size(); ++k)
        slots[static_cast<std::size_t>(all.slots[k])] += static_cast<double>(all.values[k]) *
                                                         static_cast<double>(all.values[k]) *
                                                         (offsets_[e + 1] - offsets_[e]);
    }
  }

  /// Turns to a column: there are no moments yet.
  void begin(const fm_column& column) {
    for_each_index(loop_, size(), [&](std::size_t e) {
      moments_[e] = {};
      sums_[e] = column.weights ? 0 : column.dot(row(e).all());
    });
  }
  /// What the features of an entity add up to in the column; 0 for weights, which meet no other.
  [[nodiscard]] double sum(index entity) const noexcept {
    return sums_[static_cast<std::size_t>(entity)];
  }
  [[nodiscard]] fm_moments& moments(std::size_t entity) noexcept { return moments_[entity]; }

  /// One step in each slot, field by field. sum() is still what it was.
  void descend(const fm_column& column) {
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      for_each_index(loop_, size(), [&](std::size_t e) {
        beside_[e] = column.weights ? 1 : sums_[e] + moments_[e].tilt - column.dot(row(e)[f]);
      });
      const auto first = static_cast<std::size_t>(fields_[f].first_slot);
      const auto count = static_cast<std::size_t>(fields_[f].slots);
      if (!shared_[f]) {
        for_each_index(loop_, count, [&](std::size_t n) { step(first + n, column); });
      } else {
        for (std::size_t n = 0; n < count; ++n) step(first + n, column);
      }
    }
  }
  /// Brings sum() up to date.
  void end(const fm_column& column) {
    if (column.weights) return;
    for (std::size_t e = 0; e < size(); ++e) sums_[e] += moments_[e].tilt;
  }

 private:
  struct entry {
    std::size_t entity;
    double value;
  };

  [[nodiscard]] encoded_row row(std::size_t entity) const noexcept {
    return rows_[static_cast<index>(entity)];
  }
  /// Which of the side's slots it is.
  [[nodiscard]] std::size_t local(std::size_t slot) const noexcept {
    return slot - static_cast<std::size_t>(fields_[0].first_slot);
  }

  void step(std::size_t slot, const fm_column& column) noexcept {
    const std::size_t begin = entry_offsets_[local(slot)];
    const std::span<const entry> entries(entries_.data() + begin,
                                         entry_offsets_[local(slot) + 1] - begin);
    fm_parabola errors;
    for (const auto [e, value] : entries) errors += moments_[e].parabola(value, beside_[e]);
    const double change = column.minimize(slot, errors);
    for (const auto [e, value] : entries) moments_[e].grow(change * value, beside_[e]);
  }

  /// Calls `f(slot, entry)` for all that have ratings.
  template <class Function>
  void for_each_entry(const Function& f) const {
    for (std::size_t e = 0; e < size(); ++e) {
      if (offsets_[e] == offsets_[e + 1]) continue;
      const encoded_entries all = row(e).all();
      for (std::size_t k = 0; k < all.size(); ++k)
        f(local(static_cast<std::size_t>(all.slots[k])),
          entry{e, static_cast<double>(all.values[k])});
    }
  }

  void transpose() {
    shared_.resize(fields_.size(), false);
    for (std::size_t e = 0; e < size(); ++e)
      for (std::size_t f = 0; f < fields_.size(); ++f)
        if (row(e)[f].size() > 1) shared_[f] = true;
    const std::size_t slots =
        fields_.empty() ? 0 : local(static_cast<std::size_t>(fields_.back().end_slot()));
    entry_offsets_.resize(slots + 2, 0);
    for_each_entry([&](std::size_t slot, const entry&) { ++entry_offsets_[slot + 2]; });
    std::partial_sum(entry_offsets_.begin(), entry_offsets_.end(), entry_offsets_.begin());
    entries_.resize(entry_offsets_.back());
    for_each_entry(
        [&](std::size_t slot, const entry& one) { entries_[entry_offsets_[slot + 1]++] = one; });
  }

  const encoded_rows& rows_;
  std::span<const feature_field> fields_;
  std::span<const index> offsets_;
  const host_loop& loop_;
  std::vector<fm_moments> moments_;
  std::vector<double> sums_;
  std::vector<double> beside_;  ///< the sums but for the field at hand
  /// Whether an entity has several slots of a field. If not, steps in them do not touch each other.
  std::vector<bool> shared_;
  std::vector<std::size_t> entry_offsets_;
  std::vector<entry> entries_;  ///< by slot
};

}  // namespace kindred::detail
