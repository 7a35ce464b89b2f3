#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/side_encoder.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/fm_als.hpp>
#include <kindred/model/detail/neural/fm_gibbs.hpp>
#include <kindred/model/detail/neural/fm_vectors.hpp>
#include <kindred/model/detail/neural/network_file.hpp>
#include <kindred/model/detail/neural/network_fit.hpp>
#include <kindred/model/detail/neural/network_parts.hpp>
#include <kindred/model/factorization_machine_options.hpp>
#include <kindred/nn/interaction.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/train/fit_options.hpp>
#include <kindred/train/training_loop.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// The machine as a network, which sgd trains.
[[nodiscard]] inline nn::network make_network(const factorization_machine_options& o,
                                              const feature_encoder& features) {
  detail::network_parts parts(features);
  const auto factors = static_cast<std::size_t>(o.factors);
  if (factors > 0)
    parts.add(parts.embed_side_by_side(factors), "pairs", [&](nn::parameter_layout&) {
      return std::make_unique<nn::pairwise_products>(parts.fields(), factors);
    });
  parts.add_linear();
  return parts.finish();
}

/// A factorization machine of second order (Rendle, "Factorization machines", ICDM 2010): all that
/// is known of a user, an item and a context, their ids among it, has a weight, and each two fields
/// of it have an inner product,
///   r = mean + w0 + sum over slots s of x_s w_s + sum over fields f < g of v_f . v_g,
/// where the vector v_f of a field is the sum of x_s v_s over its slots. So a bag, such as the
/// genres of an item, counts as one: its slots are not paired with each other. With ids alone this
/// is biased matrix factorization.
///
///   kindred::factorization_machine model{{.factors = 32, .features = {.items = {tables.items}}}};
///   model.fit(train);
///   float stars = model.predict(user, item);
///
/// By mcmc it is the mean of many such machines, which is one with as many times the factors:
/// nothing is to be tuned, and it foretells ratings best.
///
/// An epoch of als or mcmc costs O((ratings + feature entries of users and items) x factors), one
/// of sgd O(ratings x entries of a sample x factors). A fitted model holds a vector for each slot,
/// each user and each item, of samples x factors numbers by mcmc. It is immutable and shared by
/// copies; all const members are safe from any thread.
class factorization_machine {
 public:
  using scalar_type = float;
  static constexpr std::string_view kind = "factorization_machine";

  /// Throws option_error for an option outside its range, data_error for features that there are
  /// not.
  explicit factorization_machine(factorization_machine_options options = {})
      : options_(std::move(options)) {
    check_options(options_);
  }

  /// Learns from `train`, from scratch; same options and data give the same bits on any number of
  /// threads and on every host backend. On any exception the model stays as it was. The learning
  /// rate in reports is 1 with als and mcmc. Throws data_error if there are no ratings, for ratings
  /// that the loss cannot be taken of, and for a model with features that is from a file, which
  /// does not hold them; divergence_error, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    if (train.empty()) throw data_error("factorization_machine: no ratings to fit");
    if (lacks_features_)
      throw data_error("factorization_machine: its features are not in the file that it is from");
    const detail::host_loop loop(backend);
    const fm_mcmc_options& chain = options_.mcmc;
    switch (options_.solver) {
      case fm_solver::sgd:
        return fit_sgd(train, fit, loop);
      case fm_solver::mcmc:
        return fit_by_columns<detail::fm_gibbs>(train, fit, loop,
                                                chain.burn_in + chain.samples * chain.thinning);
      default:
        return fit_by_columns<detail::fm_als>(train, fit, loop, options_.als.epochs);
    }
  }

  /// The expected rating; by cross-entropy, the probability. Held to the range of the training
  /// ratings unless `clip` is off. Of an unknown user or item (negative, or beyond the training
  /// data and its feature tables) nothing is seen but that it is unknown; one without ratings is
  /// seen by its features. O(factors), times samples by mcmc.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    return predict(user, item, {});
  }
  /// The same in a context: a value for each context of the features, in their order.
  [[nodiscard]] float predict(index user, index item,
                              std::span<const int> contexts) const noexcept {
    return fitted() ? predict_with(users_, user, items_, item, contexts) : 0.0F;
  }

  /// What orders the items for a user: what of the output depends on the item. `scores` has
  /// num_items() elements. O(items x factors).
  void score(index user, std::span<float> scores) const noexcept {
    score_with(users_, user, scores);
  }

  /// Predictions for items that were not there in training but bring their features, the rows of
  /// `features().encode_items(table)`: a number for each row. Throws data_error for rows that
  /// another encoder made, or for another number of predictions.
  void predict_new_items(index user, const encoded_rows& items,
                         std::span<float> predictions) const {
    detail::require_new_items(items, features_, predictions.size());
    const detail::fm_vectors vectors(items, parameters_);
    for (std::size_t i = 0; i < predictions.size(); ++i)
      predictions[i] = predict_with(users_, user, vectors, static_cast<index>(i), {});
  }
  /// Scores of all items for a user who was not there in training: row `row` of
  /// `features().encode_users(table)`. Throws data_error for rows that another encoder made.
  void score_new_user(const encoded_rows& users, index row, std::span<float> scores) const {
    detail::require_encoded("users", users, features_.user_fields());
    score_with({users, parameters_}, row, scores);
  }

  [[nodiscard]] bool fitted() const noexcept { return num_items_ > 0; }
  [[nodiscard]] index num_users() const noexcept { return num_users_; }
  [[nodiscard]] index num_items() const noexcept { return num_items_; }
  /// For each user and item the sum of the vectors of its fields, in place; the bias of an item is
  /// what its own fields come to without a user.
  [[nodiscard]] latent_view<float> latent() const noexcept {
    return {num_users_,       num_items_,       parameters_.factors,
            users_.vectors(), items_.vectors(), items_.biases()};
  }
  /// What the features were turned into: slots, by which weights and vectors go.
  [[nodiscard]] const feature_encoder& features() const noexcept { return features_; }
  /// mean + w0.
  [[nodiscard]] double bias() const noexcept { return task_.center + parameters_.bias; }
  [[nodiscard]] std::span<const float> weights() const noexcept {
    return parameters_.weights.span();
  }
  /// slots x factors.
  [[nodiscard]] std::span<const float> vectors() const noexcept {
    return parameters_.vectors.span();
  }
  [[nodiscard]] const factorization_machine_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp). What features were turned into is in it,
  /// the features are not.
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static factorization_machine read(const Reader& in);

 private:
  [[nodiscard]] float predict_with(const detail::fm_vectors& users, index user,
                                   const detail::fm_vectors& items, index item,
                                   std::span<const int> contexts) const noexcept {
    const std::size_t count = std::min(contexts.size(), features_.context_fields().size());
    const float output =
        detail::fm_output(parameters_, users, user, items, item, count,
                          [&](std::size_t c) { return features_.context_slot(c, contexts[c]); });
    return detail::held_rating_of(task_, output);
  }
  void score_with(const detail::fm_vectors& users, index user,
                  std::span<float> scores) const noexcept {
    const kernel::item_rows<float> items{items_.vectors(), items_.biases(), scores.size(),
                                         parameters_.factors};
    kernel::score_items(items, users.vector(user), scores);
  }

  [[nodiscard]] detail::task_loss task_of(const dataset& train) const {
    return detail::losses_of(detail::tasks_of(options_), detail::events_of(train),
                             static_cast<std::size_t>(options_.negatives), options_.clip)[0];
  }

  template <class Solver>
  fit_history fit_by_columns(const dataset& train, const fit_options& fit,
                             const detail::host_loop& loop, int epochs) {
    const training_plan plan{.model = kind, .epochs = epochs, .ratings = train.size()};
    feature_encoder features(options_.features, train);
    const detail::task_loss task = task_of(train);
    Solver solver(features, train, options_, task, loop, fit.stop);
    fit_history history = train_epochs(solver, plan, fit);
    take(std::move(features), solver.parameters(), task);
    take_size(train.num_users(), train.num_items());
    return history;
  }

  fit_history fit_sgd(const dataset& train, const fit_options& fit, const detail::host_loop& loop) {
    const auto make = [this](const feature_encoder& features) {
      return make_network(options_, features);
    };
    detail::network_fit work(kind, options_.sgd,
                             {.make_network = make,
                              .tasks = detail::tasks_of(options_),
                              .features = options_.features,
                              .negatives = static_cast<std::size_t>(options_.negatives),
                              .clip = options_.clip},
                             train, fit, loop, nullptr);
    fit_history history = work.run([] {});
    const detail::network_state& state = work.state();
    const detail::rating_network network = work.finish(state);
    take(network.features(),
         detail::fm_parameters::of_table(
             static_cast<double>(state.parameters[0]),
             detail::table_rows(*network.recipe(), state.table.data(), network.slots())),
         task_of(train));
    take_size(train.num_users(), train.num_items());
    return history;
  }

  void take(feature_encoder features, detail::fm_parameters parameters,
            const detail::task_loss& task) {
    // These allocate; the rest does not throw.
    detail::fm_vectors users(features.users(), parameters);
    detail::fm_vectors items(features.items(), parameters);
    features_ = std::move(features);
    parameters_ = std::move(parameters);
    users_ = std::move(users);
    items_ = std::move(items);
    task_ = task;
  }
  void take_size(index num_users, index num_items) noexcept {
    num_users_ = num_users;
    num_items_ = num_items;
  }

  factorization_machine_options options_;
  feature_encoder features_;
  detail::fm_parameters parameters_;
  detail::fm_vectors users_;
  detail::fm_vectors items_;
  detail::task_loss task_;
  index num_users_ = 0;
  index num_items_ = 0;
  bool lacks_features_ = false;
};

template <class Writer>
void factorization_machine::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  out.set("num_users", num_users_);
  out.set("num_items", num_items_);
  out.add("features", features_);
  const std::size_t slots = parameters_.weights.size();
  out.add("weights", parameters_.weights, {slots});
  out.add("vectors", parameters_.vectors, {slots, parameters_.factors});
  out.set("bias", parameters_.bias);
  out.set("center", task_.center);
  if (std::isinf(task_.high)) return;
  out.set("low", task_.low);
  out.set("high", task_.high);
}

template <class Reader>
factorization_machine factorization_machine::read(const Reader& in) {
  factorization_machine model(read_options<factorization_machine_options>(in));
  auto features = in.template part<feature_encoder>("features");
  const auto slots = static_cast<std::size_t>(features.slots());
  // Those of all draws, if there are several.
  const std::vector<std::size_t> shape = in.shape("vectors");
  const std::size_t factors = shape.empty() ? 0 : shape.back();
  const auto of_each = static_cast<std::size_t>(model.options_.factors);
  const bool is_one = model.options_.solver != fm_solver::mcmc;
  if (of_each == 0 ? factors != 0 : factors % of_each != 0 || (is_one && factors != of_each))
    throw data_error("vectors have another length than the option factors");
  detail::fm_parameters parameters{in.template get<double>("bias"), factors,
                                   in.template array<float>("weights", {slots}),
                                   in.template array<float>("vectors", {slots, factors})};
  detail::task_loss task{.loss = model.options_.loss, .center = in.template get<double>("center")};
  if (in.contains("high")) {
    task.low = in.template get<float>("low");
    task.high = in.template get<float>("high");
    if (task.low > task.high) throw data_error("low is greater than high");
  }
  model.options_.features.user_ids = features.has_user_ids();
  model.options_.features.item_ids = features.has_item_ids();
  model.lacks_features_ = features.has_features();
  model.take(std::move(features), std::move(parameters), task);
  model.take_size(in.template get<index>("num_users"), in.template get<index>("num_items"));
  if (model.num_users_ < 1 || model.num_users_ > model.features_.users().size() ||
      model.num_items_ < 1 || model.num_items_ > model.features_.items().size())
    throw data_error("users and items are not those of the features");
  return model;
}

}  // namespace kindred
