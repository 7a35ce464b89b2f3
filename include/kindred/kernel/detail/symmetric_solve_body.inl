namespace kindred::kernel::KINDRED_TARGET {

/// Elimination by strips of as many rows as a register has lanes. The upper triangle of the matrix
/// turns into D L', that of the multipliers into -L'.
template <class Scalar>
struct symmetric_elimination {
  using vector = pack_t<Scalar>;
  static constexpr std::size_t lanes = pack<Scalar>::lanes;

  static void solve(const symmetric_system<Scalar>& s) noexcept {
    for (std::size_t first = 0; first < s.size; first += lanes) {
      Scalar diagonal[lanes];
      for (std::size_t r = 0; r < rows_from(s, first); ++r)
        diagonal[r] = s.matrix[(first + r) * (s.stride + 1)];
      update(s, first);
      eliminate_pivots(s, first, diagonal);
      for (std::size_t column = first + lanes; column < s.size; column += lanes)
        eliminate_beside(s, first, column);
    }
    for (std::size_t i = 0; i < s.size; ++i) {
      s.x[i] *= s.inverses[i];
      if (s.noise != nullptr) s.x[i] += std::sqrt(s.inverses[i]) * s.noise[i];
    }
    for (std::size_t first = (s.size + lanes - 1) / lanes * lanes; first > 0;)
      substitute(s, first -= lanes);
  }

 private:
  [[nodiscard]] static std::size_t rows_from(const symmetric_system<Scalar>& s,
                                             std::size_t first) noexcept {
    return s.size - first < lanes ? s.size - first : lanes;
  }

  /// Takes from a strip what the strips above have to take from it.
  static void update(const symmetric_system<Scalar>& s, std::size_t first) noexcept {
    const std::size_t begin = first / product_multiple * product_multiple;
    matrix_product<Scalar>::run({.rows = rows_from(s, first),
                                 .depth = first,
                                 .columns = s.stride - begin,
                                 .a = s.multipliers + first,
                                 .a_row = 1,
                                 .a_depth = s.stride,
                                 .b = s.matrix + begin,
                                 .b_stride = s.stride,
                                 .c = s.matrix + first * s.stride + begin,
                                 .c_stride = s.stride,
                                 .add = true,
                                 .upper = true});
  }

  /// Eliminates in a strip within its block on the diagonal, and in the same rows of x.
  static void eliminate_pivots(const symmetric_system<Scalar>& s, std::size_t first,
                               const Scalar* diagonal) noexcept {
    constexpr Scalar swallowed = sizeof(Scalar) == 4 ? Scalar(0x1p-20) : Scalar(0x1p-49);
    const std::size_t count = rows_from(s, first);
    const Scalar* const block = s.matrix + first * (s.stride + 1);
    vector lane;
    for (std::size_t n = 0; n < lanes; ++n) lane[n] = static_cast<Scalar>(n);
    vector rows[lanes];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < lanes; ++r) load(rows[r], block + r * s.stride);
    vector x;
    load(x, s.x + first);
#pragma GCC unroll 16
    for (std::size_t j = 0; j < lanes; ++j) {
      if (j == count) break;
      const Scalar pivot = rows[j][j];
      const Scalar inverse = 1 / (pivot > swallowed * diagonal[j] ? pivot : diagonal[j]);
      s.inverses[first + j] = inverse;
      const vector behind = lane > static_cast<Scalar>(j) ? rows[j] : vector{};
      const vector row = behind * -inverse;
      Scalar* const factors = s.multipliers + (first + j) * s.stride + first;
      store(factors, row);
      x = row * x[j] + x;
#pragma GCC unroll 16
      for (std::size_t r = j + 1; r < lanes; ++r) rows[r] = rows[j] * factors[r] + rows[r];
    }
    store(s.x + first, x);
  }

  /// Eliminates in a whole strip within another block, and in the rows of x that are its columns.
  static void eliminate_beside(const symmetric_system<Scalar>& s, std::size_t first,
                               std::size_t column) noexcept {
    Scalar* const block = s.matrix + first * s.stride + column;
    vector rows[lanes];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < lanes; ++r) load(rows[r], block + r * s.stride);
    vector x;
    load(x, s.x + column);
#pragma GCC unroll 16
    for (std::size_t j = 0; j < lanes; ++j) {
      Scalar* const factors = s.multipliers + (first + j) * s.stride;
#pragma GCC unroll 16
      for (std::size_t r = j + 1; r < lanes; ++r) rows[r] = rows[j] * factors[first + r] + rows[r];
      const vector row = rows[j] * -s.inverses[first + j];
      store(block + j * s.stride, rows[j]);
      store(factors + column, row);
      x = row * s.x[first + j] + x;
    }
    store(s.x + column, x);
  }

  /// Finds the unknowns of a strip; those of the strips below are known.
  static void substitute(const symmetric_system<Scalar>& s, std::size_t first) noexcept {
    const std::size_t count = rows_from(s, first);
    const Scalar* const factors = s.multipliers + first * s.stride;
    Scalar* const x = s.x + first;
    vector sums[lanes] = {};
    for (std::size_t column = first + lanes; column < s.size; column += lanes) {
      vector known;
      load(known, s.x + column);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < lanes; ++r) {
        vector row;
        load(row, factors + r * s.stride + column);
        sums[r] = row * known + sums[r];
      }
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < lanes; ++r) x[r] += sum<Scalar>(sums[r]);
    for (std::size_t r = count; r-- > 1;)
      for (std::size_t j = 0; j < r; ++j) x[j] += factors[j * s.stride + first + r] * x[r];
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
