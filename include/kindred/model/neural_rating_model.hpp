#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/network_kernels.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/side_encoder.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/device_training.hpp>
#include <kindred/model/detail/neural/network_file.hpp>
#include <kindred/model/detail/neural/network_fit.hpp>
#include <kindred/model/detail/neural/network_options.hpp>
#include <kindred/model/detail/neural/rating_network.hpp>
#include <kindred/model/detail/neural/training_setup.hpp>
#include <kindred/model/rating_task.hpp>
#include <kindred/train/fit_options.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
///
/// `Options` is what mlp_rating.hpp shows: a struct with `kind`, `loss`, `negatives`, `clip`,
/// `training` and `features` among others of its own, and beside it `check_options(o)`,
/// `for_each_option(o, field)` and `make_network(o, features)`.
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
  /// threads and on every host backend. On any exception the model stays as it was. A backend with
  /// memory of its own (backend/cuda.hpp) trains the same network from the same batches, but rounds
  /// otherwise; it has no normalisations, no cross layers, and one task.
  /// Throws data_error if there are no ratings, or for ratings that the loss cannot be taken of;
  /// divergence_error, cancelled, option_error also for what such a backend has not, and what it
  /// throws.
  template <trainable_network Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {},
                  const checkpoint& save = {}) {
    return run(train, fit, backend, save, nullptr);
  }

  /// Goes on with training where fit() ended, or where the checkpoint was made that the model was
  /// loaded from, up to `training.epochs`: with the same data, the same bits as without the break.
  /// Early stopping counts anew. Throws not_fitted_error for a model without a state to go on from
  /// (`training.keep_state`), data_error if features and ratings are not of the sizes that they
  /// were, and what fit() throws.
  template <trainable_network Backend = backend::tbb>
  fit_history resume(const dataset& train, const fit_options& fit = {}, const Backend& backend = {},
                     const checkpoint& save = {}) {
    if (state_ == nullptr) throw not_fitted_error(kind);
    const detail::resume_point from{*state_, features()};
    return run(train, fit, backend, save, &from);
  }

  /// Gives a loaded model what is not in its file, feature tables, contexts and the ratings that
  /// tasks have of their own, or changes how training goes on: more epochs, another learning rate.
  /// Throws option_error if something else is to change, or the optimizer of a state to go on from,
  /// and what the constructor throws. A model that is not fitted takes any options.
  void set_options(Options options) {
    check_options(options);
    if (fitted()) require_same_network(options);
    options_ = std::move(options);
    lacks_features_ = false;
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

  /// Predictions for items that were not there in training but bring their features, the rows of
  /// `features().encode_items(table)`: a number for each row. Throws data_error for rows that
  /// another encoder made, or for another number of predictions.
  void predict_new_items(index user, const encoded_rows& items,
                         std::span<float> predictions) const {
    detail::require_new_items(items, features(), predictions.size());
    network_.predict_new_items(user, items, predictions);
  }
  /// Scores of all items for a user who was not there in training: row `row` of
  /// `features().encode_users(table)`. Throws data_error for rows that another encoder made.
  void score_new_user(const encoded_rows& users, index row, std::span<float> scores) const {
    detail::require_encoded("users", users, features().user_fields());
    network_.score_new_user(users, row, scores);
  }

  [[nodiscard]] bool fitted() const noexcept { return num_items_ > 0; }
  [[nodiscard]] index num_users() const noexcept { return num_users_; }
  [[nodiscard]] index num_items() const noexcept { return num_items_; }
  [[nodiscard]] std::size_t num_tasks() const noexcept { return network_.tasks(); }
  /// The number of a task. Throws option_error if none has that name.
  [[nodiscard]] std::size_t task(std::string_view name) const {
    const std::vector<rating_task> tasks = detail::tasks_of(options_);
    std::string names;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      if (tasks[t].name == name) return t;
      names += (t == 0 ? "" : ", ") + tasks[t].name;
    }
    throw option_error("task", detail::quoted(name), '{' + names + '}');
  }
  /// What the features were turned into.
  [[nodiscard]] const feature_encoder& features() const noexcept { return network_.features(); }
  /// Epochs behind the parameters.
  [[nodiscard]] int trained_epochs() const noexcept { return epochs_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp), with the state to go on from if there is
  /// one. What features were turned into is in it, the features are not: see set_options().
  template <class Writer>
  void write(Writer& out) const {
    if (!fitted()) throw not_fitted_error(kind);
    write_options(out, options_);
    out.set("num_users", num_users_);
    out.set("num_items", num_items_);
    out.set("epochs", epochs_);
    network_.write(out);
    out.set("resumable", state_ != nullptr);
    if (state_ == nullptr) return;
    auto state = out.nested("state");
    detail::write_state(state, *network_.recipe(), *state_, network_.slots());
  }
  template <class Reader>
  [[nodiscard]] static neural_rating_model read(const Reader& in) {
    neural_rating_model model(read_options<Options>(in));
    model.network_ = detail::rating_network::read(
        in, detail::tasks_of(model.options_),
        [&](const feature_encoder& features) { return make_network(model.options_, features); });
    model.take_sizes(in);
    if (in.template get<bool>("resumable")) {
      detail::network_state state = model.network_.state();
      state.epochs = model.epochs_;
      detail::read_state(in.nested("state"), *model.network_.recipe(), model.options_.training,
                         model.network_.slots(), state);
      model.state_ = std::make_shared<const detail::network_state>(std::move(state));
    }
    return model;
  }

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

  template <trainable_network Backend>
  fit_history run(const dataset& train, const fit_options& fit, const Backend& backend,
                  const checkpoint& save, const detail::resume_point* from) {
    if constexpr (host_backend<Backend>) {
      return run(train, fit, detail::host_loop(backend), nullptr, save, from);
    } else {
      const backend::tbb host;
      return run(train, fit, detail::host_loop(host), detail::train_on(backend), save, from);
    }
  }

  fit_history run(const dataset& train, const fit_options& fit, const detail::host_loop& loop,
                  const detail::training_maker& make, const checkpoint& save,
                  const detail::resume_point* from) {
    if (lacks_features_)
      throw data_error(std::string(kind) +
                       ": its features are not in the file that it is from; see set_options()");
    detail::network_fit work(kind, options_.training, plan(), train, fit, loop, from, make);
    fit_history history = work.run([&] {
      if (!save) return;
      neural_rating_model now(options_);
      now.take(work, work.state(), train);
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

  /// Throws option_error if what makes the network would change.
  void require_same_network(const Options& next) const {
    const auto fixed = [&](const Options& options) {
      auto texts = option_texts::of(options);
      std::erase_if(texts, [&](const auto& option) {
        return option.first.starts_with("training.") &&
               (option.first != "training.optimizer" || state_ == nullptr);
      });
      return texts;
    };
    const auto then = fixed(next);
    const auto now = fixed(options_);
    const auto [other, own] = std::mismatch(then.begin(), then.end(), now.begin(), now.end());
    if (other == then.end() || own == now.end()) return;
    throw option_error(other->first, other->second, '{' + own->second + "}: the model is fitted");
  }

  template <class Reader>
  void take_sizes(const Reader& in) {
    num_users_ = in.template get<index>("num_users");
    num_items_ = in.template get<index>("num_items");
    epochs_ = in.template get<int>("epochs");
    const feature_encoder& known = features();
    if (num_users_ < 1 || num_users_ > known.users().size() || num_items_ < 1 ||
        num_items_ > known.items().size())
      throw data_error("users and items are not those of the features");
    if (epochs_ < 0 || epochs_ == std::numeric_limits<int>::max())
      throw data_error("epochs out of range");
    options_.features.user_ids = known.has_user_ids();
    options_.features.item_ids = known.has_item_ids();
    lacks_features_ = known.has_features();
  }

  Options options_;
  detail::rating_network network_;
  std::shared_ptr<const detail::network_state> state_;
  int epochs_ = 0;
  index num_users_ = 0;
  index num_items_ = 0;
  bool lacks_features_ = false;  ///< a file has told what they were turned into, not them
};

}  // namespace kindred
