#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/network_fit.hpp>
#include <kindred/model/detail/rating_network.hpp>
#include <kindred/train/fit_options.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace kindred {

/// A neural network that rates pairs of users and items from embeddings of their ids and features:
/// what `mlp_rating`, `neumf`, `deep_fm`, `dcn` and `multi_task` are, which differ in the network
/// that their options describe.
///
///   kindred::mlp_rating model{{.dimensions = 32, .tower = {.hidden = {64, 32}},
///                              .features = {.users = {tables.users}, .items = {tables.items}}}};
///   model.fit(train);
///   float stars = model.predict(user, item);
///
/// An epoch costs O(samples x weights), and a batch is spread over the threads of the backend. A
/// fit holds the parameters, once or twice more in the optimizer, and a copy of the gradients of
/// all dense weights for each of at most 16 shards of a batch. Fitted parameters are immutable and
/// shared by copies; all const members are safe from any thread.
template <class Options>
class neural_rating_model {
 public:
  using options_type = Options;
  static constexpr std::string_view kind = Options::kind;

  /// Is given the model as it stands after each epoch, to be saved; with `training.keep_state`,
  /// resume() can go on from there.
  using checkpoint = std::function<void(const neural_rating_model&)>;

  /// Throws option_error for an option outside its range, data_error for features that there are
  /// not.
  explicit neural_rating_model(Options options = {}) : options_(std::move(options)) {
    check_options(options_);
  }

  /// Learns from `train`, from scratch; same options and data give the same bits on any number of
  /// threads and on every host backend. On any exception the model stays as it was.
  /// Throws data_error if there are no ratings, or for ratings that the loss cannot be taken of;
  /// divergence_error, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {},
                  const checkpoint& save = {}) {
    return run(train, fit, backend, save, nullptr);
  }

  /// Goes on with training where fit() ended, or where the checkpoint was made that the model was
  /// loaded from, up to `training.epochs`: with the same data, the same bits as without the break.
  /// Early stopping counts anew. Throws not_fitted_error for a model without a state to go on from
  /// (`training.keep_state`), data_error if the data is of another size, and what fit() throws.
  template <host_backend Backend = backend::tbb>
  fit_history resume(const dataset& train, const fit_options& fit = {}, const Backend& backend = {},
                     const checkpoint& save = {}) {
    if (state_ == nullptr) throw not_fitted_error(kind);
    return run(train, fit, backend, save, state_.get());
  }

  /// The expected rating; by cross-entropy, the probability. Held to the range of the training
  /// ratings unless `clip` is off. Of an unknown user or item (negative, or beyond the training
  /// data and its feature tables) nothing is seen but that it is unknown; one without ratings is
  /// seen by its features.
  [[nodiscard]] float predict(index user, index item) const noexcept {
    return network_.predict(user, item, {});
  }
  /// The same in a context: a value for each context of the features, in their order.
  [[nodiscard]] float predict(index user, index item,
                              std::span<const int> contexts) const noexcept {
    return network_.predict(user, item, contexts);
  }
  /// The same for one of several tasks. Precondition: task < num_tasks().
  [[nodiscard]] float predict_task(std::size_t task, index user, index item,
                                   std::span<const int> contexts = {}) const noexcept {
    return network_.predict(user, item, contexts, task);
  }

  /// What orders the items for a user: the output of the network for the first task. `scores` has
  /// num_items() elements. O(items x weights).
  void score(index user, std::span<float> scores) const noexcept { network_.score(user, scores); }

  [[nodiscard]] bool fitted() const noexcept { return num_items_ > 0; }
  [[nodiscard]] index num_users() const noexcept { return num_users_; }
  [[nodiscard]] index num_items() const noexcept { return num_items_; }
  [[nodiscard]] std::size_t num_tasks() const noexcept { return network_.tasks(); }
  /// What the features were turned into.
  [[nodiscard]] const feature_encoder& features() const noexcept { return network_.features(); }
  /// Epochs behind the parameters.
  [[nodiscard]] int trained_epochs() const noexcept { return epochs_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp). The feature tables are not in it, but
  /// what they were turned into; to resume(), the options need them again: see set_features().
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static neural_rating_model read(const Reader& in);

 private:
  [[nodiscard]] detail::rating_plan plan() const {
    return {
        .make_network =
            [this](const feature_encoder& features) { return make_network(options_, features); },
        .tasks = detail::tasks_of(options_),
        .features = options_.features,
        .negatives = static_cast<std::size_t>(options_.negatives),
        .clip = options_.clip};
  }

  template <host_backend Backend>
  fit_history run(const dataset& train, const fit_options& fit, const Backend& backend,
                  const checkpoint& save, const detail::network_state* from) {
    const detail::host_loop loop(backend);
    detail::network_fit work(kind, options_.training, plan(), train, fit, loop, from);
    fit_history history = work.run([&](const detail::network_state& state) {
      if (!save) return;
      neural_rating_model now(options_);
      now.take(work, state, train);
      save(now);
    });
    take(work, work.state(), train);
    return history;
  }

  void take(const detail::network_fit& work, const detail::network_state& state,
            const dataset& train) {
    detail::rating_network network = work.finish(state);
    auto kept = options_.training.keep_state ? std::make_shared<const detail::network_state>(state)
                                             : nullptr;
    network_ = std::move(network);
    state_ = std::move(kept);
    epochs_ = state.epochs;
    num_users_ = train.num_users();
    num_items_ = train.num_items();
  }

  Options options_;
  detail::rating_network network_;
  std::shared_ptr<const detail::network_state> state_;
  int epochs_ = 0;
  index num_users_ = 0;
  index num_items_ = 0;
};

}  // namespace kindred
