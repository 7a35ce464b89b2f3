#pragma once

#include <cstddef>

namespace kindred::gpu {

/// A row-major factor of a product, or what it is the transposed of.
struct product_factor {
  const float* data = nullptr;
  std::size_t stride = 0;
  bool transposed = false;
};

/// c = f(a b + bias) or c += a b, with a of rows x depth, b of depth x columns and all row-major.
/// Strides, and the places where matrices begin, are multiples of 16 floats.
struct matrix_product {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t depth = 0;
  product_factor a;
  product_factor b;
  float* c = nullptr;
  std::size_t c_stride = 0;
  bool adds = false;
  const float* bias = nullptr;  ///< one for each column, or none
  bool rectified = false;       ///< f is max(0, x), else x
};

}  // namespace kindred::gpu
