#pragma once

#include <kindred/backend/cuda/network_lanes.hpp>
#include <kindred/backend/cuda/rows_view.hpp>
#include <kindred/core/host_device.hpp>
#include <kindred/kernel/activation_function.hpp>
#include <kindred/kernel/thinning.hpp>

#include <cstddef>
#include <cstdint>

// What a thread of a GPU does in the layers of a network, but for products of matrices: thread n
// calls body(n), and none needs another. Sums are taken in a fixed order.
namespace kindred::gpu {

/// Column c of row r, for n = r * width + c; `width` is that of the padded row, where zeros stay.
struct activate_rows {
  kernel::activation function;
  std::size_t columns;
  std::size_t width;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t row = n / width;
    const std::size_t column = n % width;
    float x = from.at(row, column);
    kernel::lanes::activate(function, x);
    to.at(row, column) = column < columns ? x : 0.0F;
  }
};

/// Rows of a batch that one thread adds up.
inline constexpr std::size_t rows_of_part = 32;

/// Multiplies gradients by the derivative of the activation, and adds up each column over some rows
/// as a part of the gradient of the bias: column c of part p, for n = p * width + c.
struct derive_rows {
  kernel::activation function;
  std::size_t width;
  std::size_t rows;
  rows_view at;
  rows_view gradients;
  float* parts;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t first = n / width * rows_of_part;
    const std::size_t end = first + rows_of_part < rows ? first + rows_of_part : rows;
    const std::size_t column = n % width;
    float sum = 0;
    for (std::size_t row = first; row < end; ++row) {
      float& gradient = gradients.at(row, column);
      kernel::lanes::derive(function, at.at(row, column), gradient);
      sum += gradient;
    }
    parts[n] = sum;
  }
};

/// Adds up some parts as wide as `sums`.
struct add_up_parts {
  const float* parts;
  std::size_t count;
  std::size_t stride;
  float* sums;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    float sum = 0;
    for (std::size_t part = 0; part < count; ++part) sum += parts[part * stride + n];
    sums[n] = sum;
  }
};

/// Dropout of a group of numbers: group g of row r, for n = r * (width / 8) + g.
struct thin_rows {
  kernel::thinning thin;
  std::uint64_t first_sample;
  std::size_t width;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    constexpr std::size_t each = kernel::thinning::at_once;
    const std::size_t row = n / (width / each);
    const std::size_t group = n % (width / each);
    thin(first_sample + row, width, group, &from.at(row, group * each), &to.at(row, group * each));
  }
};

/// The sum of a row and a bias.
struct total_rows {
  std::size_t columns;
  const float* bias;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t row) const noexcept {
    float sum = *bias;
    for (std::size_t c = 0; c < columns; ++c) sum += from.at(row, c);
    to.at(row, 0) = sum;
  }
};

/// Product d of row r, for n = r * columns + d.
struct multiply_halves {
  std::size_t columns;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t row = n / columns;
    const std::size_t d = n % columns;
    to.at(row, d) = from.at(row, d) * from.at(row, columns + d);
  }
};

/// Its gradients by both factors.
struct derive_halves {
  std::size_t columns;
  bool adds;
  rows_view from;
  rows_view d_out;
  rows_view d_in;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t row = n / columns;
    const std::size_t d = n % columns;
    float& first = d_in.at(row, d);
    float& second = d_in.at(row, columns + d);
    first = (adds ? first : 0.0F) + d_out.at(row, d) * from.at(row, columns + d);
    second = (adds ? second : 0.0F) + d_out.at(row, d) * from.at(row, d);
  }
};

/// The sum of the inner products of all pairs of the vectors of a row.
struct total_pairs {
  std::size_t fields;
  std::size_t dimensions;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t row) const noexcept {
    float total = 0;
    for (std::size_t d = 0; d < dimensions; ++d) {
      float sum = 0;
      float squares = 0;
      for (std::size_t f = 0; f < fields; ++f) {
        const float x = from.at(row, f * dimensions + d);
        sum += x;
        squares += x * x;
      }
      total += sum * sum - squares;
    }
    to.at(row, 0) = total / 2;
  }
};

/// Its gradients by number d of each vector of row r, for n = r * dimensions + d.
struct derive_pairs {
  std::size_t fields;
  std::size_t dimensions;
  bool adds;
  rows_view from;
  rows_view d_out;
  rows_view d_in;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t row = n / dimensions;
    const std::size_t d = n % dimensions;
    float sum = 0;
    for (std::size_t f = 0; f < fields; ++f) sum += from.at(row, f * dimensions + d);
    for (std::size_t f = 0; f < fields; ++f) {
      float& gradient = d_in.at(row, f * dimensions + d);
      gradient =
          (adds ? gradient : 0.0F) + d_out.at(row, 0) * (sum - from.at(row, f * dimensions + d));
    }
  }
};

/// Column c of row r, for n = r * columns + c; of one column of `from`, if it is `spread`.
struct copy_columns {
  std::size_t columns;
  bool adds;
  bool spread;
  rows_view from;
  rows_view to;

  KINDRED_HOST_DEVICE void operator()(std::size_t n) const noexcept {
    const std::size_t row = n / columns;
    const std::size_t column = n % columns;
    float& sum = to.at(row, column);
    sum = (adds ? sum : 0.0F) + from.at(row, spread ? 0 : column);
  }
};

}  // namespace kindred::gpu
