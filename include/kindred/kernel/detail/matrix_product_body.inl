namespace kindred::kernel::KINDRED_TARGET {

template <class Scalar>
struct matrix_product {
  using vector = pack_t<Scalar>;
  static constexpr std::size_t lanes = pack<Scalar>::lanes;
  static constexpr std::size_t tile_rows = 4;
  static constexpr std::size_t tile_vectors = 2;

  static void run(const product<Scalar>& p) noexcept {
    std::size_t r = 0;
    for (; r + tile_rows <= p.rows; r += tile_rows)
      row_of_tiles<tile_rows>(p, r, p.upper ? first_column(p, r) : 0);
    for (; r < p.rows; ++r) row_of_tiles<1>(p, r, p.upper ? r / lanes * lanes : 0);
  }

 private:
  template <std::size_t Rows>
  static void row_of_tiles(const product<Scalar>& p, std::size_t r, std::size_t j) noexcept {
    for (; j + tile_vectors * lanes <= p.columns; j += tile_vectors * lanes)
      tile<vector, Rows, tile_vectors>(p, r, j);
    for (; j < p.columns; j += lanes) tile<vector, Rows, 1>(p, r, j);
  }

  /// Where the row of tiles at r begins if only the upper triangle counts. Of a block on the
  /// diagonal the lower rows need half a register; where halves take half the time, their tile is
  /// as high as the half block and done here.
  [[nodiscard]] static std::size_t first_column(const product<Scalar>& p, std::size_t r) noexcept {
    const std::size_t block = r / lanes * lanes;
    if constexpr (sizeof(vector) == 64) {
      constexpr std::size_t half = lanes / 2;
      if (r - block < half || block + lanes > p.rows) return block;
      typedef Scalar half_vector __attribute__((vector_size(32)));
      if (r == block + half) tile<half_vector, half, 1>(p, r, r);
      return block + lanes;
    }
    return block;
  }

  /// Rows x (Vectors registers) elements of c, with all their sums in registers.
  template <class Vector, std::size_t Rows, std::size_t Vectors>
  static void tile(const product<Scalar>& p, std::size_t r, std::size_t j) noexcept {
    constexpr std::size_t width = sizeof(Vector) / sizeof(Scalar);
    Vector sums[Rows][Vectors] = {};
    const Scalar* a = p.a + r * p.a_row;
    const Scalar* b = p.b + j;
    for (std::size_t k = 0; k < p.depth; ++k, a += p.a_depth, b += p.b_stride) {
      Vector x[Vectors];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) load(x[v], b + v * width);
#pragma GCC unroll 8
      for (std::size_t row = 0; row < Rows; ++row)
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
          sums[row][v] = x[v] * a[row * p.a_row] + sums[row][v];
    }
#pragma GCC unroll 8
    for (std::size_t row = 0; row < Rows; ++row)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) {
        Scalar* to = p.c + (r + row) * p.c_stride + j + v * width;
        if (p.add) {
          Vector before;
          load(before, to);
          sums[row][v] += before;
        }
        store(to, sums[row][v]);
      }
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
