#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/rating_tiles.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/given_ratings.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/ranking/item_draws.hpp>
#include <kindred/model/detail/ranking/ranking_mf_options.hpp>
#include <kindred/model/detail/ranking/ranking_setup.hpp>
#include <kindred/model/detail/ranking/ranking_trainer.hpp>
#include <kindred/model/detail/ranking/user_descent.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// Factorization of interactions that learns which items a user prefers to others: what `bpr`,
/// `warp` and `logistic_mf` are, which differ in the loss of an item chosen and one that is not.
/// Scores are b_i + p_u.q_i. Ratings count as chosen, whatever their values, unless the options let
/// the values weigh; weights of the dataset do so always.
///
///   kindred::bpr model{{.factors = 64, .epochs = 30}};
///   model.fit(train);
///   const kindred::recommender recommender{std::move(model), train};
///
/// Negatives are items that have ratings, but none of the user. They are drawn from some two blocks
/// of the items, the positive's and another, which change from epoch to epoch, so that all rows at
/// work stay in the caches and no two threads meet in one. An epoch costs O(ratings * factors *
/// negatives), of warp times the draws until it finds one. A fit holds, beside the dataset, 12
/// bytes a rating (16 with weights) and, for each user and item, twice its parameters: factors
/// rounded up to a multiple of 16, and four numbers. Early stopping that restores holds the
/// parameters a third time. What was fitted is immutable and shared by copies; all const members
/// are safe from any thread.
template <class Options>
class ranking_mf {
 public:
  using scalar_type = float;
  using options_type = Options;
  static constexpr std::string_view kind = Options::kind;

  /// Throws option_error for an option outside its range.
  explicit ranking_mf(const Options& options = {}) : options_(options) {
    detail::check_ranking_mf_options(options_);
  }

  /// Learns from `train`, from scratch; same options and data give the same bits on any number of
  /// threads and on every host backend. On any exception the model stays as it was.
  ///
  /// Reports have no RMSE. Losses are those of the options, by the number of ratings; for
  /// validation, without weights and ranks, against an item each that is drawn uniformly and the
  /// same in every epoch. Throws data_error if there are no ratings, or negative ones that count;
  /// divergence_error, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    const training_plan plan{.model = kind, .epochs = options_.epochs, .ratings = train.size()};
    if (train.empty()) throw data_error(std::string(kind) + ": no ratings to fit");
    if (options_.values == interaction_value::rating && train.min_value() < 0)
      throw data_error(std::string(kind) + ": rating " + detail::to_text(train.min_value()) +
                       " is negative, and counts as a weight");
    const detail::ranking_setup setup = detail::setup_of(options_);
    const detail::host_loop loop(backend);
    const rating_tiles tiles(
        backend, train,
        options_.blocks > 0
            ? static_cast<std::size_t>(options_.blocks)
            : detail::ranking_blocks(train, detail::padded_ranking_row(factors()) * sizeof(float)),
        setup.seed);
    detail::ranking_trainer trainer(train, tiles, setup, loop, fit.stop);
    fit_history history = train_epochs(trainer, plan, fit);
    take(trainer.factors(), counts_of(train.item_offsets()), history);
    return history;
  }

  /// The scores of all items; b_i for an unknown user. `scores` has num_items() elements.
  /// O(items * factors).
  void score(index user, std::span<float> scores) const noexcept {
    if (user < 0 || user >= num_users_) {
      std::copy_n(item_biases_.begin(), scores.size(), scores.begin());
      return;
    }
    kernel::score_items<float>({.rows = item_factors_.data(),
                                .biases = item_biases_.data(),
                                .count = scores.size(),
                                .factors = factors()},
                               latent().user(user).data(), scores);
  }

  /// The latent vector of a user who was not in the training data, from some interactions: by the
  /// steps of training with the items fixed, as many epochs of them, from negatives that are drawn
  /// from all items. The later half of the epochs is averaged. The same interactions, in any order,
  /// give the same bits. Unknown items are skipped; the ratings count if `values` says so.
  /// O(epochs * ratings * negatives * (factors + log items) + items), of warp times the draws until
  /// it finds a negative. Throws data_error if the lengths differ, or if a rating is not finite or
  /// is negative and counts.
  [[nodiscard]] std::vector<float> fold_in(std::span<const index> items,
                                           std::span<const float> ratings) const;

  [[nodiscard]] bool fitted() const noexcept { return num_items_ > 0; }
  [[nodiscard]] index num_users() const noexcept { return num_users_; }
  [[nodiscard]] index num_items() const noexcept { return num_items_; }
  [[nodiscard]] std::size_t factors() const noexcept {
    return static_cast<std::size_t>(options_.factors);
  }
  /// Row-major factors and item biases, in place.
  [[nodiscard]] latent_view<float> latent() const noexcept {
    return {num_users_,           num_items_,           factors(),
            user_factors_.data(), item_factors_.data(), item_biases_.data()};
  }
  [[nodiscard]] const Options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const {
    if (!fitted()) throw not_fitted_error(kind);
    write_options(out, options_);
    const auto items = static_cast<std::size_t>(num_items_);
    out.add("user_factors", user_factors_, {static_cast<std::size_t>(num_users_), factors()});
    out.add("item_factors", item_factors_, {items, factors()});
    out.add("item_biases", item_biases_, {items});
    out.add("item_counts", draws_.counts(), {items});
  }
  template <class Reader>
  [[nodiscard]] static ranking_mf read(const Reader& in) {
    ranking_mf model(read_options<Options>(in));
    const std::size_t users = in.rows("user_factors");
    const std::size_t items = in.rows("item_biases");
    model.user_factors_ = in.template array<float>("user_factors", {users, model.factors()});
    model.item_factors_ = in.template array<float>("item_factors", {items, model.factors()});
    model.item_biases_ = in.template array<float>("item_biases", {items});
    model.draws_ = {in.template array<index>("item_counts", {items}),
                    model.options_.popularity_power};
    if (model.draws_.rated() == 0) throw data_error("item_counts has no item with a rating");
    model.num_users_ = static_cast<index>(users);
    model.num_items_ = static_cast<index>(items);
    return model;
  }

 private:
  [[nodiscard]] static aligned_vector<index> counts_of(std::span<const index> offsets) {
    aligned_vector<index> counts(offsets.size() - 1);
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = offsets[i + 1] - offsets[i];
    return counts;
  }

  void take(detail::ranking_factors fitted, aligned_vector<index> item_counts,
            const fit_history& history) {
    for (const auto* numbers : {&fitted.users, &fitted.items, &fitted.item_biases})
      if (!std::all_of(numbers->begin(), numbers->end(), [](float x) { return std::isfinite(x); }))
        throw divergence_error(kind, history.best_epoch, options_.learning_rate);
    // Shared one by one first, since that allocates; then all at once, which does not throw.
    shared_array<float> users(std::move(fitted.users));
    shared_array<float> items(std::move(fitted.items));
    shared_array<float> biases(std::move(fitted.item_biases));
    detail::item_draws draws(std::move(item_counts), options_.popularity_power);
    num_users_ = static_cast<index>(users.size() / factors());
    num_items_ = static_cast<index>(biases.size());
    user_factors_ = std::move(users);
    item_factors_ = std::move(items);
    item_biases_ = std::move(biases);
    draws_ = std::move(draws);
  }

  Options options_;
  index num_users_ = 0;
  index num_items_ = 0;
  shared_array<float> user_factors_;
  shared_array<float> item_factors_;
  shared_array<float> item_biases_;
  detail::item_draws draws_;  ///< of negatives for who is folded in
};

template <class Options>
std::vector<float> ranking_mf<Options>::fold_in(std::span<const index> items,
                                                std::span<const float> ratings) const {
  const bool weigh = options_.values == interaction_value::rating;
  detail::check_given_ratings(items, ratings, weigh);
  std::vector<detail::chosen_item> chosen;
  for (std::size_t n = 0; n < items.size(); ++n)
    if (items[n] >= 0 && items[n] < num_items_)
      chosen.push_back({items[n], weigh ? ratings[n] : 1.0F});
  std::ranges::sort(chosen, [](const auto& a, const auto& b) {
    return a.item < b.item || (a.item == b.item && a.weight < b.weight);
  });
  return detail::user_descent(detail::setup_of(options_), latent(), draws_, chosen)
      .run(options_.epochs);
}

}  // namespace kindred
