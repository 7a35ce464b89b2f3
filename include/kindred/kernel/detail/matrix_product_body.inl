namespace kindred::kernel::KINDRED_TARGET {

template <class Scalar>
struct matrix_product {
  using vector = pack_t<Scalar>;
  static constexpr std::size_t lanes = pack<Scalar>::lanes;
  static constexpr std::size_t tile_rows = 4;
  static constexpr std::size_t tile_vectors = 2;

  static void run(const product<Scalar>& p) noexcept {
    std::size_t r = 0;
    for (; r + tile_rows <= p.rows; r += tile_rows) row_of_tiles<tile_rows>(p, r);
    for (; r < p.rows; ++r) row_of_tiles<1>(p, r);
  }

 private:
  template <std::size_t Rows>
  static void row_of_tiles(const product<Scalar>& p, std::size_t r) noexcept {
    std::size_t j = 0;
    for (; j + tile_vectors * lanes <= p.columns; j += tile_vectors * lanes)
      tile<Rows, tile_vectors>(p, r, j);
    for (; j < p.columns; j += lanes) tile<Rows, 1>(p, r, j);
  }

  /// Rows x (Vectors * lanes) elements of c, with all their sums in registers.
  template <std::size_t Rows, std::size_t Vectors>
  static void tile(const product<Scalar>& p, std::size_t r, std::size_t j) noexcept {
    vector sums[Rows][Vectors] = {};
    const Scalar* a = p.a + r * p.a_row;
    const Scalar* b = p.b + j;
    for (std::size_t k = 0; k < p.depth; ++k, a += p.a_depth, b += p.b_stride) {
      vector x[Vectors];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) load(x[v], b + v * lanes);
#pragma GCC unroll 4
      for (std::size_t row = 0; row < Rows; ++row)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
          sums[row][v] = x[v] * a[row * p.a_row] + sums[row][v];
    }
#pragma GCC unroll 4
    for (std::size_t row = 0; row < Rows; ++row)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) {
        Scalar* to = p.c + (r + row) * p.c_stride + j + v * lanes;
        if (p.add) {
          vector before;
          load(before, to);
          sums[row][v] += before;
        }
        store(to, sums[row][v]);
      }
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
