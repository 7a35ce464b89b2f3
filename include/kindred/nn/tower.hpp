#pragma once

#include <kindred/core/error.hpp>
#include <kindred/nn/activation.hpp>
#include <kindred/nn/dense.hpp>
#include <kindred/nn/dropout.hpp>
#include <kindred/nn/layer.hpp>
#include <kindred/nn/normalization.hpp>
#include <kindred/nn/parameters.hpp>
#include <kindred/nn/sequential.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kindred::nn {

/// Between a dense layer and its activation.
enum class normalization { none, batch, layer };

/// A multi-layer perceptron: dense layers, each normalised, activated and thinned.
struct tower_options {
  std::vector<int> hidden{64, 32};  ///< outputs of the layers, each in [1, 4096]; may be empty
  activation function = activation::relu;
  normalization normalize = normalization::none;
  float dropout = 0;  ///< in [0, 1), after each activation

  friend bool operator==(const tower_options&, const tower_options&) = default;
};

/// Throws option_error for an option outside its range.
inline void check_option(const tower_options& options) {
  for (const int outputs : options.hidden)
    require_option(outputs >= 1 && outputs <= 4096, "hidden", outputs, "[1, 4096]");
  check_option(options.function);
  const int normalize = static_cast<int>(options.normalize);
  require_option(normalize >= 0 && normalize <= 2, "normalize", normalize, "{none, batch, layer}");
  require_option(options.dropout >= 0 && options.dropout < 1, "dropout", options.dropout, "[0, 1)");
}

namespace detail {

/// Appends one hidden layer.
inline void add_hidden(std::vector<layer_ptr>& layers, parameter_layout& layout, std::size_t inputs,
                       std::size_t outputs, const tower_options& options, std::uint64_t stream) {
  const bool normalizes = options.normalize != normalization::none;
  layers.push_back(std::make_unique<dense>(
      layout, inputs,
      dense_options{.outputs = outputs,
                    .function = normalizes ? activation::linear : options.function,
                    .bias = !normalizes}));
  if (options.normalize == normalization::batch)
    layers.push_back(std::make_unique<batch_norm>(layout, outputs));
  if (options.normalize == normalization::layer)
    layers.push_back(std::make_unique<layer_norm>(layout, outputs));
  if (normalizes) layers.push_back(std::make_unique<activated>(outputs, options.function));
  if (options.dropout > 0)
    layers.push_back(std::make_unique<dropout>(outputs, options.dropout, stream));
}

}  // namespace detail

/// Builds one; with `outputs` it ends in a linear layer of so many, else in the last hidden layer.
/// `stream` tells the dropout of the towers of a network apart. Throws option_error.
[[nodiscard]] inline layer_ptr make_tower(parameter_layout& layout, std::size_t inputs,
                                          const tower_options& options, std::size_t outputs = 0,
                                          std::uint64_t stream = 0) {
  check_option(options);
  std::vector<layer_ptr> layers;
  for (std::size_t k = 0; k < options.hidden.size(); ++k) {
    const auto width = static_cast<std::size_t>(options.hidden[k]);
    layout.within(std::to_string(k), [&] {
      detail::add_hidden(layers, layout, inputs, width, options, stream * 256 + k);
    });
    inputs = width;
  }
  if (outputs > 0)
    layout.within("output", [&] {
      layers.push_back(std::make_unique<dense>(layout, inputs, dense_options{.outputs = outputs}));
    });
  return std::make_unique<sequential>(std::move(layers));
}

}  // namespace kindred::nn
