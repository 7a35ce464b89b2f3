#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/detail/linear/ease_solver.hpp>
#include <kindred/model/detail/rated_items.hpp>
#include <kindred/model/ease_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kindred {

/// The linear autoencoder: scores are X B, where B minimises
///   || X - X B ||^2 + regularization || B ||^2  with  diag B = 0,
/// X being the users by items matrix of interactions. In closed form, with P the inverse of
/// X'X + regularization I, B_ij = -P_ij / P_jj (Steck, "Embarrassingly shallow autoencoders for
/// sparse data", WWW 2019); with `dropout`, the denoising variant (Steck, "Autoencoders that don't
/// overfit towards the identity", NeurIPS 2020). A model for ranking; it predicts no ratings.
///
/// `Scalar` is float or double: the type of the weights and of the arithmetic. Single precision is
/// enough unless the penalty is less than about 1e-6 of the greatest eigenvalue of X'X.
///
/// Training costs O(sum of squared user counts + items^3), in parallel and near the processor's
/// peak, and holds items^2 numbers, which become the model: it grows with the items only. Where
/// users are so few that it is less, it costs O(users^3 + items * ratings) and holds users^2 more.
/// What was fitted is immutable and shared by copies, with the training data's lists of items; all
/// const members are safe from any thread.
template <std::floating_point Scalar = float>
class ease {
 public:
  using scalar_type = Scalar;
  static constexpr std::string_view kind = "ease";

  /// Throws option_error for an option outside its range.
  explicit ease(const ease_options& options = {}) : options_(options) { check_options(options_); }

  /// Solves for the weights in one pass, an epoch to observers; the same bits on any number of
  /// threads and on every host backend. On any exception the model stays as it was. The training
  /// error in reports is over all pairs of users and items, one without a rating counting as 0; the
  /// validation error is over the validation ratings.
  /// Throws data_error if there are no ratings, more items than `max_items`, or too small a penalty
  /// for the precision; cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    const training_plan plan{.model = kind, .epochs = 1, .ratings = train.size()};
    if (train.empty()) throw data_error("ease: no ratings to fit");
    check_size(train.num_items());
    detail::ease_solver<Backend, Scalar> solver(backend, train, options_, fit.stop);
    fit_history history = train_epochs(solver, plan, fit);
    weights_ = solver.take_weights();
    rated_ = solver.take_rated();
    num_items_ = train.num_items();
    return history;
  }

  /// The user's row of X B; zeros for a user who is unknown or rated nothing. `scores` has
  /// num_items() elements. O(items rated * items).
  void score(index user, std::span<float> scores) const noexcept {
    add_up(rated_.of(user), scores);
  }

  /// The same for someone who was not in the training data, from some items with their ratings,
  /// which may be left out (empty) if `values` is interaction_value::one. An unknown item is
  /// skipped. Precondition: values.size() == items.size() unless it is empty.
  void score(std::span<const index> items, std::span<const float> values,
             std::span<float> scores) const noexcept {
    add_up({items, options_.values == interaction_value::one ? std::span<const float>() : values},
           scores);
  }

  /// The items whose scores an interaction with `item` raises most, by the weights, best first; a
  /// part of `best`. None for an unknown item. O(items).
  std::span<scored_item> similar_items(index item, std::span<scored_item> best) const noexcept {
    top_k_selector selector(best);
    if (item >= 0 && item < num_items_)
      for (index other = 0; const Scalar weight : weights(item)) {
        if (weight > 0) selector.push({other, static_cast<float>(weight)});
        ++other;
      }
    return selector.finish();
  }

  [[nodiscard]] bool fitted() const noexcept { return num_items_ > 0; }
  [[nodiscard]] index num_users() const noexcept { return rated_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return num_items_; }
  /// Row `item` of B: what an interaction with it adds to the score of each item.
  /// Precondition: 0 <= item < num_items().
  [[nodiscard]] std::span<const Scalar> weights(index item) const noexcept {
    const auto size = static_cast<std::size_t>(num_items_);
    return weights_.span().subspan(static_cast<std::size_t>(item) * size, size);
  }
  [[nodiscard]] const ease_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp): weights and lists of rated items.
  template <class Writer>
  void write(Writer& out) const {
    if (!fitted()) throw not_fitted_error(kind);
    write_options(out, options_);
    const auto items = static_cast<std::size_t>(num_items_);
    out.add("weights", weights_, {items, items});
    rated_.write(out);
  }
  template <class Reader>
  [[nodiscard]] static ease read(const Reader& in) {
    ease model(read_options<ease_options>(in));
    const std::size_t items = in.rows("weights");
    model.weights_ = in.template array<Scalar>("weights", {items, items});
    model.rated_ =
        detail::rated_items::read(in, model.options_.values == interaction_value::rating, items);
    model.num_items_ = static_cast<index>(items);
    return model;
  }

 private:
  void check_size(index items) const {
    if (items <= options_.max_items) return;
    const double bytes = static_cast<double>(items) * static_cast<double>(items) * sizeof(Scalar);
    throw data_error("ease: " + detail::to_text(items) + " items are more than max_items = " +
                     detail::to_text(options_.max_items) + "; their weights would take " +
                     detail::to_text(static_cast<std::int64_t>(bytes / 1e6)) + " MB");
  }

  void add_up(const detail::item_values& rated, std::span<float> scores) const noexcept {
    constexpr std::size_t block = 1024;
    alignas(64) Scalar sums[block];
    for (std::size_t begin = 0; begin < scores.size(); begin += block) {
      const std::size_t count = std::min(block, scores.size() - begin);
      std::fill_n(sums, count, Scalar{0});
      for (std::size_t k = 0; k < rated.items.size(); ++k)
        if (rated.items[k] >= 0 && rated.items[k] < num_items_)
          kernel::axpy(static_cast<Scalar>(rated.value(k)), weights(rated.items[k]).data() + begin,
                       count, sums);
      for (std::size_t j = 0; j < count; ++j) scores[begin + j] = static_cast<float>(sums[j]);
    }
  }

  ease_options options_;
  index num_items_ = 0;
  shared_array<Scalar> weights_;
  detail::rated_items rated_;
};

}  // namespace kindred
