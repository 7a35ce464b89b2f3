#pragma once

#include <kindred/backend/cuda/policy.hpp>
#include <kindred/kernel/sgd_step.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace kindred::gpu {

/// Users or items in host memory, as they go to the device and come back; see mf_side.
template <class Number, class Row>
struct side_rows {
  std::span<Number> factors;
  std::span<Row> rows;
};
template <class Scalar>
using side_view = side_rows<Scalar, kernel::sgd_row<Scalar>>;
template <class Scalar>
using const_side_view = side_rows<const Scalar, const kernel::sgd_row<Scalar>>;

/// The ratings of rating_tiles; they outlive the device's part.
struct tile_view {
  std::span<const kernel::tile_rating> ratings;
  std::span<const float> weights;  ///< one a rating, or none
  std::span<const std::size_t> offsets;
  std::size_t blocks = 0;
};

/// A factorization in the memory of a device. Compiled by nvcc, in component kindred::cuda, for
/// float and double. Every member throws cuda_error.
template <class Scalar>
class mf_device {
 public:
  /// Rows of factors are `stride` apart: shape_of_rows(factors).
  mf_device(const backend::cuda& where, const tile_view& tiles, std::size_t factors,
            const const_side_view<Scalar>& users, const const_side_view<Scalar>& items);
  ~mf_device();
  mf_device(const mf_device&) = delete;
  mf_device& operator=(const mf_device&) = delete;

  /// Asks for the steps of a stratum, and does not wait for them.
  void run(std::size_t stratum, const kernel::sgd_step<Scalar>& step);
  /// Waits for all that was asked for. The sum of the squared errors since the last call.
  double finish();

  /// Sum of the squared errors, predictions held to [low, high]. A negative user or item is
  /// unknown.
  [[nodiscard]] double squared_error(std::span<const kernel::tile_rating> ratings, Scalar mean,
                                     double low, double high) const;

  void read(const side_view<Scalar>& users, const side_view<Scalar>& items) const;
  void write(const const_side_view<Scalar>& users, const const_side_view<Scalar>& items);

 private:
  class body;  // one kind of storage
  template <class Stored>
  class stored_body;

  int device_;
  std::unique_ptr<body> body_;
};

extern template class mf_device<float>;
extern template class mf_device<double>;

}  // namespace kindred::gpu
