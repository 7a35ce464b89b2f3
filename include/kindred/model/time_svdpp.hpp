#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/held_rmse.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/svd/drifting_factors.hpp>
#include <kindred/model/detail/svd/svdpp_trainer.hpp>
#include <kindred/model/detail/svd/time_table.hpp>
#include <kindred/model/time_svdpp_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// timeSVD++: SVD++ with users who change and items that come in and out of fashion (Koren,
/// "Collaborative filtering with temporal dynamics", KDD 2009),
///   r = mean + b_u + s_u dev_u(t) + b_u,day(t) + b_i + b_i,bin(t)
///       + q_i.(p_u + a_u dev_u(t) + |N(u)|^-1/2 sum of y_j over the items j of N(u)),
/// where dev_u(t) = sign(t - t_u) |t - t_u|^drift_exponent, t_u is the mean time of the user's
/// ratings, and times are parts of the time from the first to the last rating of all. Outside the
/// time of a user's own ratings, dev_u stays where it was at their ends. Of the paper's model the
/// factors of single days are left out.
///
///   kindred::time_svdpp model{{.svdpp = {.factors = 32}, .bins = 20}};
///   model.fit(train);
///   float stars = model.predict_at(user, item, time);
///
/// Costs what svdpp costs, and holds, in a fit, 12 bytes more a rating. What was fitted is
/// immutable and shared by copies; all const members are safe from any thread.
class time_svdpp {
 public:
  using scalar_type = float;
  static constexpr std::string_view kind = "time_svdpp";

  /// Throws option_error for an option outside its range.
  explicit time_svdpp(const time_svdpp_options& options = {}) : options_(options) {
    check_options(options_);
  }

  /// Learns from `train`, from scratch; the same bits on any number of threads and on every host
  /// backend. On any exception the model stays as it was.
  /// Throws data_error if there are no ratings or no times, divergence_error, cancelled,
  /// option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {});

  /// The expected rating at a time in Unix seconds, held to the range of the training ratings
  /// unless `clip` is off. What is not known of an index (negative, or beyond the training data) is
  /// left out.
  [[nodiscard]] float predict_at(index user, index item, std::int64_t time) const noexcept {
    return fitted() ? range_.hold(learned_.rating(user, item, time)) : 0.0F;
  }
  /// At the time of the last training rating.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    return predict_at(user, item, learned_.times.end());
  }

  /// What orders the items for a user at the time of the last training rating: what of the expected
  /// rating depends on the item, not held. `scores` has num_items() elements. O(items * factors).
  void score(index user, std::span<float> scores) const noexcept {
    if (user < 0 || user >= num_users())
      return static_cast<void>(
          std::copy_n(learned_.end_biases.data(), scores.size(), scores.begin()));
    kernel::score_items<float>(
        {learned_.item_vectors.data(), learned_.end_biases.data(), scores.size(), learned_.factors},
        learned_.user(user), scores);
  }

  [[nodiscard]] bool fitted() const noexcept { return num_items() > 0; }
  [[nodiscard]] index num_users() const noexcept { return learned_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return learned_.num_items(); }
  [[nodiscard]] double mean() const noexcept { return learned_.mean; }
  /// Row-major factors and item biases, in place, as at the time of the last training rating.
  [[nodiscard]] latent_view<float> latent() const noexcept {
    return {num_users(),
            num_items(),
            learned_.factors,
            learned_.user_vectors.data(),
            learned_.item_vectors.data(),
            learned_.end_biases.data()};
  }
  [[nodiscard]] const time_svdpp_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static time_svdpp read(const Reader& in);

 private:
  class trainer;

  time_svdpp_options options_;
  detail::rating_range range_;
  detail::drifting_factors learned_;
};

}  // namespace kindred

#include <kindred/model/detail/svd/time_svdpp_impl.hpp>
