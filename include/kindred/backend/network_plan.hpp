#pragma once

#include <kindred/kernel/activation_function.hpp>

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

/// What a network of nn/ computes, as plain data for a backend that cannot call its layers.
namespace kindred {

/// Some columns of a matrix with a row for each sample of a batch. Matrix 0 is the input.
struct plan_view {
  std::size_t matrix = 0;
  std::size_t first = 0;
  std::size_t columns = 0;
};

/// out = f(sums), sums = in W + b. `sums` is `out` where the derivative of f follows from f.
struct dense_plan {
  plan_view in;
  plan_view sums;
  plan_view out;
  std::size_t weights = 0;  ///< offset of W, whose rows are `stride` apart
  std::size_t stride = 0;
  bool has_bias = true;
  std::size_t bias = 0;  ///< offset of b
  kernel::activation function = kernel::activation::linear;
};

/// out = in, thinned as kernel/thinning.hpp does.
struct dropout_plan {
  plan_view in;
  plan_view out;
  float rate = 0;
  std::uint64_t stream = 0;
};

/// The only column of out = the sum of in, and a bias.
struct total_plan {
  plan_view in;
  plan_view out;
  std::size_t bias = 0;  ///< its offset
};

/// out = the first half of in times the second, number by number.
struct halves_plan {
  plan_view in;
  plan_view out;
};

/// The only column of out = the sum of the inner products of all pairs of the vectors in `in`.
struct pairs_plan {
  plan_view in;
  plan_view out;
  std::size_t fields = 0;  ///< vectors
};

/// out = in, or out += in.
struct copy_plan {
  plan_view in;
  plan_view out;
  bool adds = false;
};

using plan_step =
    std::variant<dense_plan, dropout_plan, total_plan, halves_plan, pairs_plan, copy_plan>;

/// Steps in the order in which they are computed. Each matrix but the input is written by one step,
/// or added to by those after it, and read by one.
struct network_plan {
  std::vector<plan_step> steps{};
  std::vector<std::size_t> strides{};  ///< from row to row of each matrix: its width, padded
  plan_view result{};                  ///< one column

  std::size_t parameters = 0;                ///< floats in the arena
  std::vector<std::uint8_t> is_weight{};     ///< for each 16 of them: whether penalties apply
  std::size_t row_stride = 0;                ///< of the embedding table
  std::vector<std::int32_t> input_column{};  ///< of number k of a row for field f, at
                                             ///< f * row_stride + k, or -1

  /// A new matrix.
  plan_view add_matrix(std::size_t columns, std::size_t stride) {
    strides.push_back(stride);
    return {strides.size() - 1, 0, columns};
  }
};

/// Numbers that neighbours share in is_weight, and that strides and offsets are multiples of.
inline constexpr std::size_t plan_multiple = 16;

}  // namespace kindred
