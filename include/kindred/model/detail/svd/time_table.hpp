#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/checked_lists.hpp>
#include <kindred/model/detail/svd/rating_times.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// What a moment is to a user, and to all. Knows the training ratings' times, in Unix seconds.
class time_table {
 public:
  time_table() = default;

  /// Throws data_error for ratings without times.
  time_table(const dataset& train, double exponent, int bins) : exponent_(exponent), bins_(bins) {
    if (!train.has_times()) throw data_error("time_svdpp: the ratings have no times");
    const auto [least, most] = std::ranges::minmax(train.row_times());
    begin_ = least;
    end_ = most;
    aligned_vector<double> middles;
    aligned_vector<std::int64_t> firsts;
    aligned_vector<std::int64_t> lasts;
    aligned_vector<index> offsets = {0};
    aligned_vector<index> days;
    for (index u = 0; u < train.num_users(); ++u) {
      std::vector<std::int64_t> times(train.times_of(u).begin(), train.times_of(u).end());
      std::ranges::sort(times);
      double sum = 0;
      for (const std::int64_t time : times) {
        sum += static_cast<double>(time - begin_);
        if (static_cast<std::size_t>(offsets.back()) == days.size() || days.back() != day_at(time))
          days.push_back(day_at(time));
      }
      middles.push_back(times.empty() ? 0 : sum / static_cast<double>(times.size()));
      firsts.push_back(times.empty() ? 0 : times.front());
      lasts.push_back(times.empty() ? 0 : times.back());
      offsets.push_back(static_cast<index>(days.size()));
    }
    middles_ = std::move(middles);
    firsts_ = std::move(firsts);
    lasts_ = std::move(lasts);
    day_offsets_ = std::move(offsets);
    days_ = std::move(days);
  }

  /// The time of the last rating of all.
  [[nodiscard]] std::int64_t end() const noexcept { return end_; }
  [[nodiscard]] std::size_t bins() const noexcept { return static_cast<std::size_t>(bins_); }
  /// How many days of users there are.
  [[nodiscard]] std::size_t days() const noexcept { return days_.size(); }
  [[nodiscard]] std::size_t users() const noexcept { return middles_.size(); }

  /// dev_u(t): the power of how far a time is from the middle of a user's ratings, in parts of the
  /// time of all ratings, with its sign; of a time outside the user's ratings that of the nearest.
  [[nodiscard]] float drift(index user, std::int64_t time) const noexcept {
    const auto u = static_cast<std::size_t>(user);
    const auto held = std::max(firsts_[u], std::min(time, lasts_[u]));
    const double part = (since_begin(held) - middles_[u]) / span();
    return static_cast<float>(std::copysign(std::pow(std::abs(part), exponent_), part));
  }
  /// Of a time outside, the nearest part.
  [[nodiscard]] std::size_t bin(std::int64_t time) const noexcept {
    const double at = since_begin(time) / span() * bins_;
    return at > 0 ? static_cast<std::size_t>(std::min(at, bins_ - 1.0)) : 0;
  }
  /// Which of the days of users it is; unknown_index if the user has no ratings of that day.
  [[nodiscard]] index day(index user, std::int64_t time) const noexcept {
    if (time < begin_ || time > end_) return unknown_index;
    const auto u = static_cast<std::size_t>(user);
    const index* const last = days_.begin() + day_offsets_[u + 1];
    const index* const found =
        std::lower_bound(days_.begin() + day_offsets_[u], last, day_at(time));
    return found != last && *found == day_at(time) ? static_cast<index>(found - days_.begin())
                                                   : unknown_index;
  }

  /// All of that for the rows of the training ratings, and their penalties: that of a bias is
  /// shared by its ratings.
  [[nodiscard]] rating_times times_of(const dataset& train, double drift_penalty,
                                      double bias_penalty) const {
    rating_times times{.drift_penalty = drift_penalty, .days = days(), .bins = bins()};
    std::vector<int> of_day(days());
    std::vector<int> of_bin(static_cast<std::size_t>(train.num_items()) * bins());
    const auto items = train.row_items();
    const auto cell = [&](std::size_t row) {
      return static_cast<std::size_t>(items[row]) * bins() +
             static_cast<std::size_t>(times.bin[row]);
    };
    for (index u = 0; u < train.num_users(); ++u)
      for (const std::int64_t time : train.times_of(u)) {
        times.drift.push_back(drift(u, time));
        times.day.push_back(day(u, time));
        times.bin.push_back(static_cast<index>(bin(time)));
        ++of_day[static_cast<std::size_t>(times.day.back())];
        ++of_bin[cell(times.bin.size() - 1)];
      }
    for (std::size_t row = 0; row < items.size(); ++row) {
      const int ratings_of_day = of_day[static_cast<std::size_t>(times.day[row])];
      times.day_penalty.push_back(static_cast<float>(bias_penalty / ratings_of_day));
      times.bin_penalty.push_back(static_cast<float>(bias_penalty / of_bin[cell(row)]));
    }
    return times;
  }

  template <class Writer>
  void write(Writer& out) const {
    out.set("begin", begin_);
    out.set("end", end_);
    out.add("middles", middles_, {users()});
    out.add("firsts", firsts_, {users()});
    out.add("lasts", lasts_, {users()});
    out.add("day_offsets", day_offsets_, {users() + 1});
    out.add("day_numbers", days_, {days()});
  }
  /// With the options as they were. Throws data_error for what contradicts itself.
  template <class Reader>
  [[nodiscard]] static time_table read(const Reader& in, double exponent, int bins) {
    time_table read;
    read.exponent_ = exponent;
    read.bins_ = bins;
    read.begin_ = in.template get<std::int64_t>("begin");
    read.end_ = in.template get<std::int64_t>("end");
    if (read.begin_ > read.end_) throw data_error("the end of the times is before their begin");
    const std::size_t users = in.rows("middles");
    read.middles_ = in.template array<double>("middles", {users});
    read.firsts_ = in.template array<std::int64_t>("firsts", {users});
    read.lasts_ = in.template array<std::int64_t>("lasts", {users});
    read.day_offsets_ = in.template array<index>("day_offsets", {users + 1});
    read.days_ = in.template array<index>("day_numbers");
    check_lists(read.day_offsets_, read.days_, std::numeric_limits<index>::max(), "days of users");
    return read;
  }

 private:
  static constexpr std::int64_t seconds_of_day = 86400;

  [[nodiscard]] double since_begin(std::int64_t time) const noexcept {
    return static_cast<double>(time) - static_cast<double>(begin_);
  }
  [[nodiscard]] double span() const noexcept {
    return std::max(1.0, static_cast<double>(end_) - static_cast<double>(begin_));
  }
  /// Counted from the first rating of all. Precondition: begin_ <= time <= end_.
  [[nodiscard]] index day_at(std::int64_t time) const noexcept {
    return static_cast<index>((time - begin_) / seconds_of_day);
  }

  double exponent_ = 1;
  int bins_ = 1;
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
  shared_array<double> middles_;  ///< mean times of users, from `begin_` on
  shared_array<std::int64_t> firsts_;
  shared_array<std::int64_t> lasts_;
  shared_array<index> day_offsets_ = aligned_vector<index>(1, 0);
  shared_array<index> days_;
};

}  // namespace kindred::detail
