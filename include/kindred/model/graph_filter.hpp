#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/detail/graph/filter_graph.hpp>
#include <kindred/model/detail/graph/graph_filter_trainer.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/graph_filter_options.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <span>
#include <string_view>

namespace kindred {

/// What a user has, smoothed over the graph of users and items (Shen, Wu, Zhang, Shan, Zhang,
/// Letaief, Li, "How powerful is graph convolution for recommendation?", CIKM 2021, GF-CF). With R
/// the users by items matrix of interactions, 1 each, and D_u and D_i the numbers of them, the
/// scores of a row r of R are
///   r D_i^-s R' D_u^-t R D_i^-e  +  low_pass * r D_i^-1/2 V V' D_i^1/2,
/// for the exponents s, t, e of the options and V the first right singular vectors of
/// D_u^-1/2 R D_i^-1/2. Nothing is learned by steps, and it is among the most accurate models of
/// sparse interactions. A model for ranking; it predicts no ratings.
///
///   kindred::graph_filter model;
///   model.fit(train);
///   const kindred::recommender recommender{std::move(model), train};
///
/// A fit costs O(iterations * factors * (ratings + items * factors)); it holds factors numbers for
/// each user and some times as many for each item, of which factors an item remain, and the lists
/// of the training data, which it shares. Everything but the search for V is done by whoever asks:
/// a score costs O(items * factors) and the paths from the user's items over their users to items.
/// What was fitted is immutable and shared by copies; all const members are safe from any thread.
class graph_filter {
 public:
  using scalar_type = float;
  static constexpr std::string_view kind = "graph_filter";

  /// Throws option_error for an option outside its range.
  explicit graph_filter(const graph_filter_options& options = {}) : options_(options) {
    check_options(options_);
  }

  /// Learns from `train` in one pass, an epoch to observers; the same bits on any number of threads
  /// and on every host backend. On any exception the model stays as it was.
  ///
  /// Reports have no RMSE. The loss is the share of the squared norm of D_u^-1/2 R D_i^-1/2 that is
  /// not in V; for validation, the mean of (1 - score)^2 over its ratings.
  /// Throws data_error if there are no ratings; cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    const training_plan plan{.model = kind, .epochs = 1, .ratings = train.size()};
    if (train.empty()) throw data_error("graph_filter: no ratings to fit");
    const detail::host_loop loop(backend);
    detail::graph_filter_trainer trainer(train, options_, loop, fit.stop);
    fit_history history = train_epochs(trainer, plan, fit);
    graph_ = trainer.take_graph();
    return history;
  }

  /// The scores of all items; zeros for a user who is unknown or has nothing. `scores` has
  /// num_items() elements.
  void score(index user, std::span<float> scores) const noexcept {
    score(graph_.items_of(user), scores);
  }

  /// The same for someone who was not in the training data, from some items. Unknown ones are
  /// skipped.
  void score(std::span<const index> items, std::span<float> scores) const noexcept {
    graph_.score(items, scores);
  }

  [[nodiscard]] bool fitted() const noexcept { return num_items() > 0; }
  [[nodiscard]] index num_users() const noexcept { return graph_.num_users(); }
  [[nodiscard]] index num_items() const noexcept { return graph_.num_items(); }
  [[nodiscard]] const graph_filter_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const {
    if (!fitted()) throw not_fitted_error(kind);
    write_options(out, options_);
    graph_.write(out);
  }
  template <class Reader>
  [[nodiscard]] static graph_filter read(const Reader& in) {
    graph_filter model(read_options<graph_filter_options>(in));
    model.graph_ = detail::filter_graph::read(in, model.options_);
    return model;
  }

 private:
  graph_filter_options options_;
  detail::filter_graph graph_;
};

}  // namespace kindred
