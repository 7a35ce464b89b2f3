#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/knn_kernels.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/detail/knn/knn_trainer.hpp>
#include <kindred/model/detail/knn/neighborhood.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/explanation.hpp>
#include <kindred/model/knn_options.hpp>
#include <kindred/model/neighbor_lists.hpp>
#include <kindred/model/similarity.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kindred {

/// `user_knn` and `item_knn`, which say what it does: one model, seen from either side. Its rows
/// are users or items, its columns the others.
///
/// What was fitted is immutable and shared by copies; all const members are safe from any thread.
template <axis Side>
class knn_model {
 public:
  static constexpr std::string_view kind = Side == axis::users ? "user_knn" : "item_knn";
  static constexpr axis side = Side;

  /// Throws option_error for an option outside its range.
  explicit knn_model(const knn_options& options = {}) : options_(options) {
    check_options(options_);
  }

  /// Learns from `train`, from scratch, in one pass, an epoch to observers; the same bits on any
  /// number of threads and on every host backend. The training error in reports is that of the
  /// prediction without neighbours. On any exception the model stays as it was.
  /// Throws data_error if there are no ratings or the measure cannot take them, cancelled,
  /// option_error, divergence_error from the baseline; cuda_error on a GPU, which searches for the
  /// neighbours, 1 to 4096 for a row, and leaves the rest to the processor.
  template <trainable_knn Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    return learn(train, fit, backend, nullptr);
  }

  /// Learns `train` as `fit` would, with the same bits, and quicker where it is little else than
  /// what the model was fitted on: the old ratings and some new ones, with old ids at their old
  /// indices (`load` with `extend`). Rows that have changed are compared with all others; lists
  /// that did not hold any are kept. Costs O(ratings + neighbours) beside. With measures that look
  /// at all ratings at once, every row changes: bm25, and baseline_pearson, which is no quicker.
  /// Throws not_fitted_error, and what `fit` throws.
  template <host_backend Backend = backend::tbb>
  fit_history update(const dataset& train, const fit_options& fit = {},
                     const Backend& backend = {}) {
    if (!fitted()) throw not_fitted_error(kind);
    return learn(train, fit, backend, &fitted_);
  }

  /// The expected rating, held to the range of the training ratings unless `clip` is off. Without
  /// enough neighbours it is what `knn_predictor` adds them to, and with `plain` the mean of all
  /// ratings; what is not known of an index is left out of that.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    const auto rating =
        static_cast<float>(fitted_.predict(row_of(user, item), column_of(user, item), options_));
    return options_.clip ? std::max(low_, std::min(rating, high_)) : rating;
  }

  /// What orders the items for a user: what is expected without neighbours (0 with `plain`), and
  /// the similarities times the deviations of the neighbours' ratings, added up over all neighbours
  /// and not divided by anything, so that much support ranks high (Cremonesi, Koren, Turrin,
  /// "Performance of recommender algorithms on top-N recommendation tasks", RecSys 2010). `scores`
  /// has num_items() elements. O(items + ratings of the user * neighbours), or the ratings of all
  /// neighbours.
  void score(index user, std::span<float> scores) const noexcept {
    for (std::size_t i = 0; i < scores.size(); ++i)
      scores[i] = base_score(user, static_cast<index>(i));
    for_each_score_part(user, [&](index item, const explanation_part& one) {
      scores[static_cast<std::size_t>(item)] += static_cast<float>(one.part);
    });
  }

  /// Why `predict` gives what it gives, before it is held to the range: the nearest neighbours
  /// first, whose parts add up to it but for rounding.
  [[nodiscard]] explanation explain(index user, index item) const {
    explanation why{.side = Side};
    double sum = 0;
    why.base = fitted_.for_each_part(row_of(user, item), column_of(user, item), options_,
                                     [&](const explanation_part& one) {
                                       why.parts.push_back(one);
                                       sum += one.part;
                                     });
    why.value = static_cast<float>(why.base + sum);
    std::sort(why.parts.begin(), why.parts.end(), [](const auto& a, const auto& b) {
      return nearer({a.neighbor, a.similarity}, {b.neighbor, b.similarity});
    });
    return why;
  }

  /// Why `score` gives an item what it gives. As much work as `score`. No parts for unknown
  /// indices.
  [[nodiscard]] explanation explain_score(index user, index item) const {
    explanation why{.side = Side};
    why.value = base_score(user, item);
    why.base = static_cast<double>(why.value);
    for_each_score_part(user, [&](index to, const explanation_part& one) {
      if (to != item) return;
      why.parts.push_back(one);
      why.value += static_cast<float>(one.part);
    });
    return why;
  }

  /// Fills `best` with the items most similar to `item`, best first, and returns the part filled:
  /// less where fewer are kept. Empty for an unknown item. Allocates nothing.
  [[nodiscard]] std::span<scored_item> similar_items(index item,
                                                     std::span<scored_item> best) const noexcept
      requires(Side == axis::items) {
    return nearest(item, best);
  }
  /// The same among users.
  [[nodiscard]] std::span<scored_item> similar_users(index user,
                                                     std::span<scored_item> best) const noexcept
      requires(Side == axis::users) {
    return nearest(user, best);
  }

  [[nodiscard]] bool fitted() const noexcept { return fitted_.rows.rows() > 0; }
  [[nodiscard]] index num_users() const noexcept {
    return static_cast<index>((Side == axis::users ? fitted_.rows : fitted_.columns).rows());
  }
  [[nodiscard]] index num_items() const noexcept {
    return static_cast<index>((Side == axis::items ? fitted_.rows : fitted_.columns).rows());
  }
  [[nodiscard]] const neighbor_lists& neighbors() const noexcept { return fitted_.neighbors; }
  [[nodiscard]] const knn_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp): neighbours and ratings.
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static knn_model read(const Reader& in);

 private:
  static index row_of(index user, index item) noexcept { return Side == axis::users ? user : item; }
  static index column_of(index user, index item) noexcept {
    return Side == axis::users ? item : user;
  }

  template <class Backend>
  fit_history learn(const dataset& train, const fit_options& fit, const Backend& backend,
                    const detail::neighborhood* before) {
    const training_plan plan{.model = kind, .epochs = 1, .ratings = train.size()};
    if (train.empty()) throw data_error(std::string(kind) + ": no ratings to fit");
    detail::knn_trainer<Backend> trainer(backend, train, Side, options_, fit.stop, before);
    fit_history history = train_epochs(trainer, plan, fit);
    fitted_ = trainer.take();
    low_ = train.min_value();
    high_ = train.max_value();
    return history;
  }

  [[nodiscard]] float base_score(index user, index item) const noexcept {
    return static_cast<float>(fitted_.centre.base(row_of(user, item), column_of(user, item)));
  }

  template <class Function>
  void for_each_score_part(index user, const Function& f) const {
    if (user < 0 || user >= num_users()) return;
    if constexpr (Side == axis::items)
      fitted_.for_each_item_part(user, f);
    else
      fitted_.for_each_user_part(user, f);
  }

  [[nodiscard]] std::span<scored_item> nearest(index row,
                                               std::span<scored_item> best) const noexcept {
    if (!fitted_.rows.contains(row)) return {};
    const neighbor_list near = fitted_.neighbors[static_cast<std::size_t>(row)];
    top_k_selector selector(best);
    for (std::size_t n = 0; n < near.size(); ++n)
      selector.push({near.rows[n], near.similarities[n]});
    return selector.finish();
  }

  knn_options options_;
  detail::neighborhood fitted_;
  float low_ = -std::numeric_limits<float>::infinity();
  float high_ = std::numeric_limits<float>::infinity();
};

template <axis Side>
template <class Writer>
void knn_model<Side>::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  out.set("min_value", low_);
  out.set("max_value", high_);
  fitted_.write(out);
}

template <axis Side>
template <class Reader>
knn_model<Side> knn_model<Side>::read(const Reader& in) {
  knn_model model(read_options<knn_options>(in));
  model.low_ = in.template get<float>("min_value");
  model.high_ = in.template get<float>("max_value");
  model.fitted_ = detail::neighborhood::read(in, model.options_.predictor);
  return model;
}

}  // namespace kindred
