#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/hybrid/parts.hpp>
#include <kindred/model/detail/rated_items.hpp>
#include <kindred/train/fit_options.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

namespace kindred {

/// How many items a `cascade_hybrid` ranks anew.
struct cascade_options {
  int candidates = 100;  ///< 1 .. 1000

  friend bool operator==(const cascade_options&, const cascade_options&) = default;
};

template <maybe_const<cascade_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("candidates", o.candidates);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const cascade_options& o) {
  require_option(o.candidates >= 1 && o.candidates <= 1000, "candidates", o.candidates,
                 "[1, 1000]");
}

/// The best items of one model, ranked anew by the predictions of another (Burke, "Hybrid
/// recommender systems: survey and experiments", UMUAI 12, 2002, section 3.5): a quick model for
/// all items, a good one for the few that matter.
///
///   kindred::cascade_hybrid model{{.candidates = 50}, kindred::popularity_model{},
///                                 kindred::matrix_factorization<>{}};
///   model.fit(train);
///
/// Candidates are the items that the first model scores highest, but for those that the user has
/// rated. Models that are fitted already need but `fit_seen(train)`; until then nobody has rated
/// anything.
template <ranking_model First, rating_model Second>
class cascade_hybrid {
 public:
  static constexpr std::string_view kind = "cascade_hybrid";

  /// Throws option_error for an option outside its range, data_error if the models differ in size,
  /// as a fitted and an unfitted one do.
  explicit cascade_hybrid(First first, Second second)
      : cascade_hybrid(cascade_options{}, std::move(first), std::move(second)) {}
  explicit cascade_hybrid(const cascade_options& options, First first, Second second)
      : cascade_hybrid(options,
                       detail::parts<First, Second>(kind, std::move(first), std::move(second))) {}

  /// Fits both models, each with `fit` as it is. On any exception the hybrid stays as it was.
  void fit(const dataset& train, const fit_options& fit = {}) requires(
      detail::trainable<First>&& detail::trainable<Second>) {
    cascade_hybrid next = *this;
    next.models_.fit(train, fit);
    next.fit_seen(train);
    *this = std::move(next);
  }

  /// Learns alone who rated what, for models that were fitted on `train`.
  /// Throws data_error if it is of another size than they.
  void fit_seen(const dataset& train) {
    models_.require_size_of(kind, train);
    seen_ = detail::rated_items(train, false);
  }

  /// What the second model predicts.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    return second().predict(user, item);
  }

  /// The scores of the first model, except that the candidates share out theirs among themselves in
  /// the order of the second, nudged apart where they are equal: a candidate is above all other
  /// items that the user has not rated. Candidates of which the second predicts the same stay in
  /// the order of the first; NaN is the least prediction. `scores` has num_items() elements.
  /// O(cost of the first's scores + items + candidates * (cost of a prediction + log(candidates))).
  void score(index user, std::span<float> scores) const noexcept;

  [[nodiscard]] index num_users() const noexcept { return models_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return models_.num_items(); }
  [[nodiscard]] const First& first() const noexcept { return models_.template get<0>(); }
  [[nodiscard]] const Second& second() const noexcept { return models_.template get<1>(); }
  [[nodiscard]] const cascade_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp), if the models do.
  template <class Writer>
  void write(Writer& out) const {
    write_options(out, options_);
    models_.write(out);
    seen_.write(out);
  }
  template <class Reader>
  [[nodiscard]] static cascade_hybrid read(const Reader& in) {
    cascade_hybrid model(read_options<cascade_options>(in),
                         detail::parts<First, Second>::read(kind, in));
    const auto items = static_cast<std::size_t>(model.num_items());
    model.seen_ = detail::rated_items::read(in, false, items);
    return model;
  }

 private:
  cascade_hybrid(const cascade_options& options, detail::parts<First, Second> models)
      : options_(options), models_(std::move(models)) {
    check_options(options_);
  }

  /// Selects into `room`, best first.
  std::span<scored_item> candidates(index user, std::span<const float> scores,
                                    std::span<scored_item> room) const noexcept {
    top_k_selector best(room);
    auto seen = seen_.of(user).items;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const auto item = static_cast<index>(i);
      if (!seen.empty() && seen.front() == item)
        seen = seen.subspan(1);
      else
        best.push({item, scores[i]});
    }
    return best.finish();
  }

  cascade_options options_;
  detail::parts<First, Second> models_;
  detail::rated_items seen_;
};

template <ranking_model First, rating_model Second>
void cascade_hybrid<First, Second>::score(index user, std::span<float> scores) const noexcept {
  struct candidate {
    scored_item by_first;
    float by_second;
  };
  std::array<scored_item, 1000> room;
  std::array<candidate, 1000> ranked;
  first().score(user, scores);
  const auto best = candidates(
      user, scores, std::span(room).first(static_cast<std::size_t>(options_.candidates)));
  for (std::size_t c = 0; c < best.size(); ++c) {
    const float prediction = second().predict(user, best[c].item);
    ranked[c] = {best[c], std::isnan(prediction) ? -std::numeric_limits<float>::infinity()  //
                                                 : prediction};
  }
  std::sort(ranked.begin(), ranked.begin() + best.size(), [](const auto& a, const auto& b) {
    return a.by_second > b.by_second ||
           (a.by_second == b.by_second && ranks_before(a.by_first, b.by_first));
  });
  // From the last one up: each above the one before and above the items that are no candidates.
  float below = best.empty() ? 0 : best.back().score;
  for (std::size_t c = best.size(); c-- > 0;) {
    below = std::max(best[c].score, std::nextafter(below, std::numeric_limits<float>::infinity()));
    scores[static_cast<std::size_t>(ranked[c].by_first.item)] = below;
  }
}

}  // namespace kindred
