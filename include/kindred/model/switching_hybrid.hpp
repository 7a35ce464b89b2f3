#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/hybrid/parts.hpp>
#include <kindred/model/detail/hybrid/rating_counts.hpp>
#include <kindred/train/fit_options.hpp>

#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// How much has to be known for the second model of a `switching_hybrid`.
struct switching_options {
  index min_user_ratings = 5;  ///< training ratings of the user, >= 0
  index min_item_ratings = 3;  ///< training ratings of the item, >= 0

  friend bool operator==(const switching_options&, const switching_options&) = default;
};

template <maybe_const<switching_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("min_user_ratings", o.min_user_ratings);
  field("min_item_ratings", o.min_item_ratings);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const switching_options& o) {
  require_option(o.min_user_ratings >= 0, "min_user_ratings", o.min_user_ratings,
                 "[0, 2147483647]");
  require_option(o.min_item_ratings >= 0, "min_item_ratings", o.min_item_ratings,
                 "[0, 2147483647]");
}

/// One model where enough is known, another where it is not (Burke, "Hybrid recommender systems:
/// survey and experiments", UMUAI 12, 2002, section 3.2): a simple one for who is new, and one that
/// needs ratings for the others.
///
///   kindred::switching_hybrid model{kindred::baseline_model{}, kindred::matrix_factorization<>{}};
///   model.fit(train);
///
/// Models that are fitted already need but `fit_counts(train)`; until then all is cold.
template <class Cold, class Warm>
requires((rating_model<Cold> && rating_model<Warm>) ||
         (ranking_model<Cold> && ranking_model<Warm>)) class switching_hybrid {
 public:
  static constexpr std::string_view kind = "switching_hybrid";

  /// Throws option_error for an option outside its range, data_error if the models differ in size,
  /// as a fitted and an unfitted one do.
  explicit switching_hybrid(Cold cold, Warm warm)
      : switching_hybrid(switching_options{}, std::move(cold), std::move(warm)) {}
  explicit switching_hybrid(const switching_options& options, Cold cold, Warm warm)
      : switching_hybrid(options,
                         detail::parts<Cold, Warm>(kind, std::move(cold), std::move(warm))) {}

  /// Fits both models, each with `fit` as it is. On any exception the hybrid stays as it was.
  void fit(const dataset& train, const fit_options& fit = {}) requires(
      detail::trainable<Cold>&& detail::trainable<Warm>) {
    switching_hybrid next = *this;
    next.models_.fit(train, fit);
    next.fit_counts(train);
    *this = std::move(next);
  }

  /// Learns alone how much is known of whom, for models that were fitted on `train`.
  /// Throws data_error if it is of another size than they.
  void fit_counts(const dataset& train) {
    models_.require_size_of(kind, train);
    counts_ = detail::rating_counts(train);
  }

  /// Whether enough is known of a user, or of both a user and an item; of an unknown index there is
  /// nothing known.
  [[nodiscard]] bool is_warm(index user) const noexcept {
    return counts_.of_user(user) >= options_.min_user_ratings;
  }
  [[nodiscard]] bool is_warm(index user, index item) const noexcept {
    return is_warm(user) && counts_.of_item(item) >= options_.min_item_ratings;
  }

  /// What the warm model predicts if enough is known of user and item, else what the cold one does.
  [[nodiscard]] float predict(index user, index item) const noexcept
      requires(rating_model<Cold>&& rating_model<Warm>) {
    return is_warm(user, item) ? warm().predict(user, item) : cold().predict(user, item);
  }

  /// The scores of the warm model if enough is known of the user, else of the cold one: scores of
  /// the two do not compare, so that the whole ranking of a user is of one of them.
  void score(index user, std::span<float> scores) const noexcept
      requires(ranking_model<Cold>&& ranking_model<Warm>) {
    if (is_warm(user))
      warm().score(user, scores);
    else
      cold().score(user, scores);
  }

  [[nodiscard]] index num_users() const noexcept { return models_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return models_.num_items(); }
  [[nodiscard]] const Cold& cold() const noexcept { return models_.template get<0>(); }
  [[nodiscard]] const Warm& warm() const noexcept { return models_.template get<1>(); }
  [[nodiscard]] const switching_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp), if the models do.
  template <class Writer>
  void write(Writer& out) const {
    write_options(out, options_);
    models_.write(out);
    counts_.write(out);
  }
  template <class Reader>
  [[nodiscard]] static switching_hybrid read(const Reader& in) {
    switching_hybrid model(read_options<switching_options>(in),
                           detail::parts<Cold, Warm>::read(kind, in));
    model.counts_ = detail::rating_counts::read(in);
    return model;
  }

 private:
  switching_hybrid(const switching_options& options, detail::parts<Cold, Warm> models)
      : options_(options), models_(std::move(models)) {
    check_options(options_);
  }

  switching_options options_;
  detail::parts<Cold, Warm> models_;
  detail::rating_counts counts_;
};

}  // namespace kindred
