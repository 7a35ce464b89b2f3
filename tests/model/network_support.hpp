#pragma once

#include <kindred/core/option_files.hpp>
#include <kindred/core/random.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/features.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/concepts.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "../nn/gradient_check.hpp"
#include "../temporary_folder.hpp"
#include "item_model_checks.hpp"

// What every network that rates has to keep to.
namespace kindred::test {

/// Ratings that follow from features: 3 and x y / 2, and one more if the user's group is the item's
/// kind, else one less, which no sum of a number for each can tell. The last users and items have
/// features, but no ratings.
struct known_world {
  static constexpr index users = 60;
  static constexpr index items = 50;
  static constexpr index new_ones = 5;  ///< of each

  std::vector<float> x;
  std::vector<float> y;

  known_world() {
    const counter_rng random(7);
    for (std::uint64_t k = 0; k < users; ++k)
      x.push_back(static_cast<float>(2 * random.uniform(k) - 1));
    for (std::uint64_t k = 0; k < items; ++k)
      y.push_back(static_cast<float>(2 * random.uniform(1000 + k) - 1));
  }

  [[nodiscard]] float rating(index user, index item) const {
    return 3 + x[static_cast<std::size_t>(user)] * y[static_cast<std::size_t>(item)] / 2 +
           (user % 2 == item % 2 ? 1.0F : -1.0F);
  }

  /// Half of all pairs, but for those who are new.
  [[nodiscard]] dataset ratings(std::uint64_t seed = 1) const {
    rating_columns columns;
    const counter_rng random(seed);
    for (index u = 0; u < users - new_ones; ++u)
      for (index i = 0; i < items - new_ones; ++i) {
        if (random.uniform(static_cast<std::uint64_t>(u * items + i)) < 0.5) continue;
        columns.users.push_back(u);
        columns.items.push_back(i);
        columns.values.push_back(rating(u, i));
      }
    return make_dataset(numbered_ids(users), numbered_ids(items), std::move(columns));
  }

  [[nodiscard]] static feature_table table(const std::vector<float>& numbers, index first = 0) {
    std::vector<std::string> parities;
    for (index k = first; k < static_cast<index>(numbers.size()); ++k)
      parities.emplace_back(k % 2 == 0 ? "even" : "odd");
    feature_table result(static_cast<index>(parities.size()));
    result.add("number", numeric_column({numbers.begin() + first, numbers.end()}));
    result.add("parity", categorical_column(parities));
    return result;
  }
  [[nodiscard]] feature_set features(bool ids = true) const {
    return {.users = {table(x)}, .items = {table(y)}, .user_ids = ids, .item_ids = ids};
  }
};

/// Small and quick.
template <class Options>
Options small_options(feature_set features = {}) {
  Options o;
  o.dimensions = 5;
  o.tower.hidden = {9, 6};
  o.training.epochs = 3;
  o.training.batch_size = 50;
  o.training.keep_state = true;
  o.features = std::move(features);
  return o;
}

/// All pairs, with users and items who are new, against what the ratings follow from.
template <class Model>
double error_in(const known_world& world, const Model& model) {
  double sum = 0;
  for (index u = 0; u < known_world::users; ++u)
    for (index i = 0; i < known_world::items; ++i) {
      const auto error = static_cast<double>(model.predict(u, i) - world.rating(u, i));
      sum += error * error;
    }
  return std::sqrt(sum / (known_world::users * known_world::items));
}

/// Features alone are enough for everybody.
template <class Model>
void check_learns(typename Model::options_type options, double tolerance = 0.1) {
  const known_world world;
  options.training.epochs = 60;
  options.training.optimizer = nn::adam{.learning_rate = 0.01};
  options.training.schedule = {.decay = nn::cosine_decay{}};
  options.features = world.features(false);
  Model model(std::move(options));
  model.fit(world.ratings());
  CHECK(error_in(world, model) < tolerance);
}

/// Gradients of the network that options describe.
template <class Options>
void check_network_gradients(Options options) {
  options.tower.function = nn::activation::tanh;
  const known_world world;
  const feature_encoder encoder(world.features(), world.ratings());
  const nn::network network = make_network(options, encoder);
  gradient_check(*network.head, network.layout, 5).run(1e-2, 2e-2);
}

template <class Options>
bool same_options(const Options& a, const Options& b) {
  return option_texts::of(a) == option_texts::of(b);
}

template <class Model>
Model saved_and_loaded(const Model& model) {
  const temporary_folder folder;
  save(model, folder.path("model"));
  return load_model<Model>(folder.path("model"));
}

/// A break of the fit, and a file in it, change nothing.
template <class Model>
void check_resumes(const typename Model::options_type& options) {
  const known_world world;
  const dataset train = world.ratings();
  Model unbroken(options);
  unbroken.fit(train);
  auto shorter = options;
  shorter.training.epochs = 1;
  Model broken(shorter);
  broken.fit(train);
  Model loaded = saved_and_loaded(broken);
  CHECK(same_options(loaded.options(), shorter));
  CHECK(answers_of(loaded) == answers_of(broken));
  CHECK(loaded.trained_epochs() == 1);
  loaded.set_options(options);
  CHECK(loaded.resume(train).epochs.size() + 1 ==
        static_cast<std::size_t>(options.training.epochs));
  CHECK(answers_of(loaded) == answers_of(unbroken));
}

/// The same bits everywhere, and after a break.
template <class Model>
requires rating_model<Model> && ranking_model<Model>
void check_network(const typename Model::options_type& options) {
  const known_world world;
  check_same_bits_everywhere(Model(options), world.ratings());
  check_resumes<Model>(options);
}

}  // namespace kindred::test
