#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/context_slots.hpp>
#include <kindred/model/detail/neural/network_file.hpp>
#include <kindred/model/detail/neural/two_tower_network.hpp>
#include <kindred/model/two_tower_options.hpp>
#include <kindred/nn/network.hpp>
#include <kindred/nn/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace kindred::detail {

/// Fitted towers.
class two_towers {
 public:
  two_towers() = default;
  two_towers(const two_tower_options& o, feature_encoder features, shared_array<float> parameters,
             shared_array<float> table)
      : users_(std::make_shared<nn::network>(make_network(o, features, tower_output::user_vector))),
        items_(std::make_shared<nn::network>(make_network(o, features, tower_output::item_vector))),
        features_(std::move(features)),
        parameters_(std::move(parameters)),
        table_(std::move(table)) {}

  [[nodiscard]] const feature_encoder& features() const noexcept { return features_; }

  /// The vectors of the first `count` of the rows and, behind them, that of the unknown.
  [[nodiscard]] aligned_vector<float> user_vectors(const encoded_rows& rows, index count,
                                                   const host_loop& loop) const {
    return vectors(view(*users_).with_users(rows), *users_, count, loop,
                   [](index row) { return nn::sample{.user = row}; });
  }
  [[nodiscard]] aligned_vector<float> item_vectors(const encoded_rows& rows, index count,
                                                   const host_loop& loop) const {
    return vectors(view(*items_).with_items(rows), *items_, count, loop,
                   [](index row) { return nn::sample{.item = row}; });
  }

  /// Calls `use(vector)` with that of a user in a context: a value for each context, or none.
  template <class Use>
  void user_vector(index user, std::span<const int> contexts, const Use& use) const noexcept {
    const context_slots slots(features_, contexts);
    const nn::sample one{.user = user, .contexts = slots.span()};
    view(*users_).evaluate(
        1, [&](std::size_t) { return one; },
        [&](std::size_t, std::span<const float> vector) { use(vector); });
  }

  template <class Writer>
  void write(Writer& out) const {
    out.add("features", features_);
    auto parameters = out.nested("parameters");
    write_parameters(parameters, *users_, parameters_.data());
    write_table(out, *users_, table_.data(), static_cast<std::size_t>(features_.slots()));
  }
  /// Throws data_error for what contradicts itself.
  template <class Reader>
  [[nodiscard]] static two_towers read(const Reader& in, const two_tower_options& o) {
    auto features = in.template part<feature_encoder>("features");
    const nn::network recipe = make_network(o, features, tower_output::vectors);
    auto parameters = read_parameters(in.nested("parameters"), recipe);
    auto table = read_table(in, recipe, static_cast<std::size_t>(features.slots()));
    return {o, std::move(features), std::move(parameters), std::move(table)};
  }

 private:
  [[nodiscard]] nn::network_view view(const nn::network& recipe) const noexcept {
    return {recipe, features_, parameters_.data(), table_.data()};
  }

  template <class SampleOf>
  [[nodiscard]] static aligned_vector<float> vectors(const nn::network_view& network,
                                                     const nn::network& recipe, index count,
                                                     const host_loop& loop,
                                                     const SampleOf& sample_of) {
    constexpr std::size_t block = 256;
    const std::size_t rows = static_cast<std::size_t>(count) + 1;
    const std::size_t factors = recipe.head->outputs();
    aligned_vector<float> all(rows * factors);
    for_each_index(loop, (rows + block - 1) / block, [&](std::size_t b) {
      const std::size_t first = b * block;
      network.evaluate(
          std::min(block, rows - first),
          [&](std::size_t n) {
            return sample_of(first + n < rows - 1 ? static_cast<index>(first + n) : unknown_index);
          },
          [&](std::size_t n, std::span<const float> vector) {
            std::copy(vector.begin(), vector.end(), all.data() + (first + n) * factors);
          });
    });
    return all;
  }

  std::shared_ptr<const nn::network> users_;
  std::shared_ptr<const nn::network> items_;
  feature_encoder features_;
  shared_array<float> parameters_;
  shared_array<float> table_;
};

}  // namespace kindred::detail
