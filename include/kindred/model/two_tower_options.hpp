#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/features.hpp>
#include <kindred/nn/option_fields.hpp>
#include <kindred/nn/ranking_loss.hpp>
#include <kindred/nn/tower.hpp>
#include <kindred/nn/training_options.hpp>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

namespace kindred {

/// Options of `two_tower`.
struct two_tower_options {
  int dimensions = 32;  ///< of each embedding, in [1, 1024]
  /// Dense layers of each tower and, after them, one of `outputs`. Without any, which is the
  /// default, a vector is the sum of the embeddings of the id and of the features, as in LightFM
  /// (Kula, "Metadata embeddings for user and item cold-start recommendations", CBRecSys 2015).
  nn::tower_options user_tower{.hidden = {}};
  nn::tower_options item_tower{.hidden = {}};
  /// Numbers in the vectors, in [1, 1024]; 0 is as many as dimensions, which a tower without layers
  /// must have.
  int outputs = 0;
  /// Brings vectors to length 1: scores are cosines, and the temperature of a softmax should be
  /// about 0.1.
  bool unit_length = false;
  nn::ranking_loss loss = nn::in_batch_softmax{};
  /// Learns only from ratings of at least so much; the others count as not given.
  std::optional<float> min_rating{};
  nn::training_options training{};
  feature_set features{};

  [[nodiscard]] std::size_t factors() const noexcept {
    return static_cast<std::size_t>(outputs > 0 ? outputs : dimensions);
  }
};

/// Throws option_error, and data_error for features that there are not.
inline void check_options(const two_tower_options& o) {
  require_option(o.dimensions >= 1 && o.dimensions <= 1024, "dimensions", o.dimensions,
                 "[1, 1024]");
  nn::check_option(o.user_tower);
  nn::check_option(o.item_tower);
  const bool sums = o.user_tower.hidden.empty() || o.item_tower.hidden.empty();
  require_option(o.outputs >= 0 && o.outputs <= 1024, "outputs", o.outputs, "[0, 1024]");
  require_option(!sums || o.outputs == 0 || o.outputs == o.dimensions, "outputs", o.outputs,
                 "0 or dimensions, where a tower has no layers");
  nn::check_option(o.loss);
  require_option(!o.min_rating || std::isfinite(*o.min_rating), "min_rating",
                 o.min_rating.value_or(0), "the finite numbers");
  nn::check_option(o.training);
  require_option(!o.training.keep_state, "keep_state", std::string_view("true"),
                 "{false}: two_tower does not resume");
  require_option(
      !std::holds_alternative<nn::in_batch_softmax>(o.loss) || o.training.batch_size <= 16384,
      "batch_size", o.training.batch_size, "[1, 16384] with in_batch_softmax");
  check_options(o.features);
}

/// All but the features (nn/option_fields.hpp).
template <maybe_const<two_tower_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("dimensions", o.dimensions);
  field("user_tower", o.user_tower);
  field("item_tower", o.item_tower);
  field("outputs", o.outputs);
  field("unit_length", o.unit_length);
  field("loss", o.loss);
  field("min_rating", o.min_rating);
  field("training", o.training);
}

}  // namespace kindred
