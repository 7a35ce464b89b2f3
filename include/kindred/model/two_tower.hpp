#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/side_encoder.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/feature_field.hpp>
#include <kindred/kernel/scores.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/two_tower_fit.hpp>
#include <kindred/model/detail/neural/two_towers.hpp>
#include <kindred/model/two_tower_options.hpp>
#include <kindred/train/fit_options.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kindred {

/// Retrieval by two neural networks, one of which turns a user, with features and context, into a
/// vector, and the other an item; the score is their inner product (Covington, Adams, Sargin, "Deep
/// neural networks for YouTube recommendations", RecSys 2016; Yi et al., "Sampling-bias-corrected
/// neural modeling for large corpus item recommendations", RecSys 2019). What it learns is which
/// items a user rates, not how high.
///
///   kindred::two_tower model{{.dimensions = 64, .unit_length = true,
///                             .loss = kindred::nn::in_batch_softmax{.temperature = 0.15},
///                             .features = {.items = {tables.items}}}};
///   model.fit(train);
///   const kindred::recommender recommender{std::move(model), train};
///
/// An epoch costs O(samples x weights), and a softmax in addition O(events x candidates x factors).
/// A fit holds the parameters, once or twice more in the optimizer, and a number for each event and
/// candidate of a batch. The vectors of all users and items are computed once, after it. What was
/// fitted is immutable and shared by copies; all const members are safe from any thread.
class two_tower {
 public:
  using scalar_type = float;
  static constexpr std::string_view kind = "two_tower";

  /// Throws option_error for an option outside its range, data_error for features that there are
  /// not.
  explicit two_tower(two_tower_options options = {}) : options_(std::move(options)) {
    check_options(options_);
  }

  /// Learns from `train`, from scratch; same options and data give the same bits on any number of
  /// threads and on every host backend. On any exception the model stays as it was.
  ///
  /// Reports have no RMSE. The validation loss is the mean of -log sigmoid((s - t) / temperature),
  /// where s is the score of a validation rating's item, and t that of an item drawn for its user,
  /// the same in every epoch; the temperature of bpr and of warp is 1.
  /// Throws data_error if there are no ratings to learn from, if nothing is known of a side, or if
  /// the model was loaded and had features; divergence_error, cancelled, option_error.
  template <host_backend Backend = backend::tbb>
  fit_history fit(const dataset& train, const fit_options& fit = {}, const Backend& backend = {}) {
    if (lacks_features_)
      throw data_error("two_tower: its features are not in the file that it is from");
    const detail::host_loop loop(backend);
    detail::two_tower_fit work(kind, options_, train, fit, loop);
    fit_history history = work.run();
    detail::two_towers towers = work.finish();
    shared_array<float> users =
        towers.user_vectors(towers.features().users(), train.num_users(), loop);
    shared_array<float> items =
        towers.item_vectors(towers.features().items(), train.num_items(), loop);
    towers_ = std::move(towers);
    user_vectors_ = std::move(users);
    item_vectors_ = std::move(items);
    num_users_ = train.num_users();
    num_items_ = train.num_items();
    return history;
  }

  /// The inner products of all items' vectors with the user's. Of an unknown user nothing is seen
  /// but that it is unknown; a user or an item without ratings is seen by its features. `scores`
  /// has num_items() elements. O(items x factors).
  void score(index user, std::span<float> scores) const noexcept {
    const bool known = user >= 0 && user < num_users_;
    score_by(user_vectors_.data() + static_cast<std::size_t>(known ? user : num_users_) * factors(),
             scores);
  }
  /// The same in a context: a value for each context of the features, in their order.
  void score(index user, std::span<const int> contexts, std::span<float> scores) const noexcept {
    if (!fitted()) return;
    towers_.user_vector(user, contexts,
                        [&](std::span<const float> vector) { score_by(vector.data(), scores); });
  }

  /// The vectors of users, or items, who were not there in training but bring their features (see
  /// features().encode_users()): row-major, factors() numbers a row. Throws not_fitted_error,
  /// data_error for rows that features() did not encode.
  [[nodiscard]] aligned_vector<float> user_vectors(const encoded_rows& rows) const {
    return vectors_of("users", features().user_fields(), rows, &detail::two_towers::user_vectors);
  }
  [[nodiscard]] aligned_vector<float> item_vectors(const encoded_rows& rows) const {
    return vectors_of("items", features().item_fields(), rows, &detail::two_towers::item_vectors);
  }

  [[nodiscard]] bool fitted() const noexcept { return num_items_ > 0; }
  [[nodiscard]] index num_users() const noexcept { return num_users_; }
  [[nodiscard]] index num_items() const noexcept { return num_items_; }
  [[nodiscard]] std::size_t factors() const noexcept { return options_.factors(); }
  /// The vectors of all users, in no context, and of all items, in place.
  [[nodiscard]] latent_view<float> latent() const noexcept {
    return {num_users_, num_items_, factors(), user_vectors_.data(), item_vectors_.data(), nullptr};
  }
  /// What the features were turned into.
  [[nodiscard]] const feature_encoder& features() const noexcept { return towers_.features(); }
  [[nodiscard]] const two_tower_options& options() const noexcept { return options_; }

  /// Saves to, and loads from, a model file (io/save.hpp). The feature tables are not in it, but
  /// what they were turned into.
  template <class Writer>
  void write(Writer& out) const {
    if (!fitted()) throw not_fitted_error(kind);
    write_options(out, options_);
    towers_.write(out);
    out.add("user_vectors", user_vectors_, {user_vectors_.size() / factors(), factors()});
    out.add("item_vectors", item_vectors_, {item_vectors_.size() / factors(), factors()});
  }
  template <class Reader>
  [[nodiscard]] static two_tower read(const Reader& in) {
    two_tower model(read_options<two_tower_options>(in));
    model.towers_ = detail::two_towers::read(in, model.options_);
    const auto take = [&](std::string_view name, shared_array<float>& vectors) {
      const std::size_t rows = in.rows(name);
      if (rows < 2) throw data_error(std::string(name) + ": none");
      vectors = in.template array<float>(name, {rows, model.factors()});
      return static_cast<index>(rows - 1);
    };
    model.num_users_ = take("user_vectors", model.user_vectors_);
    model.num_items_ = take("item_vectors", model.item_vectors_);
    model.options_.features.user_ids = model.features().has_user_ids();
    model.options_.features.item_ids = model.features().has_item_ids();
    model.lacks_features_ = model.features().has_features();
    return model;
  }

 private:
  void score_by(const float* user, std::span<float> scores) const noexcept {
    kernel::score_items<float>(
        {.rows = item_vectors_.data(), .count = scores.size(), .factors = factors()}, user, scores);
  }

  template <class Vectors>
  [[nodiscard]] aligned_vector<float> vectors_of(const char* side,
                                                 std::span<const feature_field> fields,
                                                 const encoded_rows& rows,
                                                 const Vectors& vectors) const {
    if (!fitted()) throw not_fitted_error(kind);
    detail::require_encoded(side, rows, fields);
    const backend::tbb backend;
    aligned_vector<float> all = (towers_.*vectors)(rows, rows.size(), detail::host_loop(backend));
    all.resize(all.size() - factors());
    return all;
  }

  two_tower_options options_;
  detail::two_towers towers_;
  shared_array<float> user_vectors_;  ///< and, behind them, that of the unknown
  shared_array<float> item_vectors_;
  index num_users_ = 0;
  index num_items_ = 0;
  bool lacks_features_ = false;  ///< a file has told what they were turned into, not them
};

}  // namespace kindred
