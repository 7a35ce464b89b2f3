#pragma once

#include <kindred/evaluate/ranking_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace kindred::detail {

/// Sums of the metrics of users, in the order of their cutoffs; grows to it when first added to.
class ranking_sums {
 public:
  void add(const user_metrics& user) {
    add_cutoffs(user.cutoffs);
    ++users_;
    if (std::isnan(user.auc)) return;
    auc_ += user.auc;
    ++auc_users_;
  }

  ranking_sums& operator+=(const ranking_sums& other) {
    add_cutoffs(other.sums_);
    users_ += other.users_;
    auc_ += other.auc_;
    auc_users_ += other.auc_users_;
    return *this;
  }

  [[nodiscard]] std::size_t users() const noexcept { return users_; }

  /// Means; what is not a mean is left to the caller. Precondition: users() > 0.
  [[nodiscard]] ranking_metrics metrics() const {
    ranking_metrics means{
        .cutoffs = sums_, .auc = auc_ / static_cast<double>(auc_users_), .users = users_};
    for (ranking_cutoff& cutoff : means.cutoffs)
      for (const auto metric : user_metric_members) cutoff.*metric /= static_cast<double>(users_);
    return means;
  }

 private:
  void add_cutoffs(const std::vector<ranking_cutoff>& terms) {
    sums_.resize(std::max(sums_.size(), terms.size()));
    for (std::size_t c = 0; c < terms.size(); ++c) {
      sums_[c].k = terms[c].k;
      for (const auto metric : user_metric_members) sums_[c].*metric += terms[c].*metric;
    }
  }

  std::vector<ranking_cutoff> sums_;
  std::size_t users_ = 0;
  double auc_ = 0;
  std::size_t auc_users_ = 0;
};

}  // namespace kindred::detail
