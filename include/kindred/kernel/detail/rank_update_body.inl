namespace kindred::kernel::KINDRED_TARGET {

/// A tile of a matrix, as large as leaves registers for its sums.
template <class Scalar>
struct update_tile {
  using vector = pack_t<Scalar>;
  static constexpr std::size_t lanes = pack<Scalar>::lanes;
  static constexpr std::size_t columns = 2 * lanes;

  /// c[row][column] += sum over k of a[k][row] * b[k][column].
  static void add(const Scalar* a, const Scalar* b, std::size_t depth, Scalar* c,
                  std::size_t stride) noexcept {
    for (std::size_t r = 0; r < update_rows; ++r) {
      __builtin_prefetch(c + r * stride);  // rows lie too far apart for the processor to guess them
      __builtin_prefetch(c + r * stride + columns - 1);
    }
    vector low[update_rows] = {};
    vector high[update_rows] = {};
    for (std::size_t k = 0; k < depth; ++k) {
      vector x;
      vector y;
      load(x, b + k * columns);
      load(y, b + k * columns + lanes);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < update_rows; ++r) {
        low[r] = x * a[k * update_rows + r] + low[r];
        high[r] = y * a[k * update_rows + r] + high[r];
      }
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < update_rows; ++r) {
      vector x;
      vector y;
      load(x, c + r * stride);
      load(y, c + r * stride + lanes);
      store(c + r * stride, x + low[r]);
      store(c + r * stride + lanes, y + high[r]);
    }
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
