#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/io/save.hpp>
#include <kindred/io/tensor_reader.hpp>
#include <kindred/nn/sample.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "network_support.hpp"

namespace kindred::test {

/// The numbers of a network as its file has them, from which predictions are computed the slow and
/// obvious way, in double.
class saved_network {
 public:
  using numbers = std::vector<double>;

  template <class Model>
  explicit saved_network(const Model& model) : features_(model.features()) {
    save(model, folder_.path("model"));
    in_.emplace(folder_.path("model"));
    row_ = in_->shape("embeddings")[1];
    embeddings_ = in_->array<float>("embeddings", {in_->shape("embeddings")[0], row_});
  }

  /// For each field, the sum of values times a part of the rows of the embedding table.
  [[nodiscard]] std::vector<numbers> fields(index user, index item, std::size_t first,
                                            std::size_t count) const {
    std::vector<numbers> all(features_.user_fields().size() + features_.item_fields().size(),
                             numbers(count));
    nn::for_each_field(features_, {.user = user, .item = item},
                       [&](std::size_t f, const encoded_entries& entries) {
                         for (std::size_t e = 0; e < entries.size(); ++e)
                           for (std::size_t c = 0; c < count; ++c)
                             all[f][c] += static_cast<double>(entries.values[e]) *
                                          embedding(entries.slots[e], first + c);
                       });
    return all;
  }
  /// The sum of them for a user, and for an item.
  [[nodiscard]] std::vector<numbers> sides(index user, index item, std::size_t first,
                                           std::size_t count) const {
    std::vector<numbers> two(2, numbers(count));
    const auto all = fields(user, item, first, count);
    for (std::size_t f = 0; f < all.size(); ++f)
      for (std::size_t c = 0; c < count; ++c)
        two[f < features_.user_fields().size() ? 0 : 1][c] += all[f][c];
    return two;
  }

  /// x W + b, of the layer of that name.
  [[nodiscard]] numbers dense(const numbers& x, const std::string& name) const {
    const auto shape = in_->shape("parameters." + name + ".weights");
    const auto w = in_->array<float>("parameters." + name + ".weights", {x.size(), shape[1]});
    const auto b = in_->array<float>("parameters." + name + ".bias", {1, shape[1]});
    numbers y(b.begin(), b.end());
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t o = 0; o < y.size(); ++o)
        y[o] += x[i] * static_cast<double>(w[i * y.size() + o]);
    return y;
  }
  [[nodiscard]] numbers rectified(const numbers& x, const std::string& name) const {
    numbers y = dense(x, name);
    for (double& value : y) value = std::max(0.0, value);
    return y;
  }

  /// The sum of the numbers in a column of the table, and a bias.
  [[nodiscard]] double linear(index user, index item, std::size_t column,
                              const std::string& name = "linear") const {
    double sum = in_->array<float>("parameters." + name + ".bias", {1, 1})[0];
    for (const numbers& field : fields(user, item, column, 1)) sum += field[0];
    return sum;
  }

  /// What outputs are taken from, and held to.
  [[nodiscard]] double rating(double output, const std::string& task = "0") const {
    return std::clamp(output + in_->get<double>("center" + task), in_->get<double>("low" + task),
                      in_->get<double>("high" + task));
  }
  [[nodiscard]] double center(const std::string& task) const {
    return in_->get<double>("center" + task);
  }

 private:
  [[nodiscard]] double embedding(index slot, std::size_t column) const {
    return static_cast<double>(embeddings_[static_cast<std::size_t>(slot) * row_ + column]);
  }

  temporary_folder folder_;
  feature_encoder features_;
  std::optional<tensor_reader> in_;
  std::size_t row_ = 0;
  shared_array<float> embeddings_;
};

/// One behind the other.
inline std::vector<double> joined(const std::vector<std::vector<double>>& parts) {
  std::vector<double> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// Compares predictions with `by_hand(network, user, item)`, of known and of new ones.
template <class Model, class ByHand>
void check_formula(const typename Model::options_type& options, const ByHand& by_hand) {
  Model model(options);
  model.fit(known_world().ratings());
  const saved_network network(model);
  for (index user = -1; user < known_world::users; user += 7)
    for (index item = -1; item < known_world::items; item += 5)
      CHECK(model.predict(user, item) ==
            doctest::Approx(by_hand(network, user, item)).epsilon(1e-4));
}

}  // namespace kindred::test
