namespace kindred::kernel::KINDRED_TARGET {

/// Products of rows that lie anywhere, a group of them at a time.
template <class Scalar>
struct row_products {
  using vector = pack_t<Scalar>;
  static constexpr std::size_t lanes = pack<Scalar>::lanes;
  static constexpr std::size_t group = 4;

  /// Has the rows of the group after the next fetched: they lie too far apart for the processor to
  /// guess them.
  static void prefetch(const gathered_rows<Scalar>& rows, std::size_t first) noexcept {
    if (rows.indices == nullptr || first + 3 * group > rows.count) return;
    for (std::size_t n = first + 2 * group; n < first + 3 * group; ++n) {
      const Scalar* const row = rows.row(n);
      for (std::size_t f = 0; f < rows.width; f += 64 / sizeof(Scalar)) __builtin_prefetch(row + f);
    }
  }

  static void dot(const gathered_rows<Scalar>& rows, const Scalar* x, Scalar* products) noexcept {
    for (std::size_t first = 0; first < rows.count; first += group) {
      prefetch(rows, first);
      const Scalar* row[group];  // the last group repeats the last row to be full
      for (std::size_t r = 0; r < group; ++r)
        row[r] = rows.row(first + r < rows.count ? first + r : rows.count - 1);
      vector sums[group] = {};
      for (std::size_t f = 0; f < rows.width; f += lanes) {
        vector at;
        load(at, x + f);
#pragma GCC unroll 4
        for (std::size_t r = 0; r < group; ++r) {
          vector of_row;
          load(of_row, row[r] + f);
          sums[r] = of_row * at + sums[r];
        }
      }
      quad_t<Scalar> four;
      sum_four<Scalar>(sums[0], sums[1], sums[2], sums[3], four);
      for (std::size_t r = 0; r < group && first + r < rows.count; ++r)
        products[first + r] = four[r];
    }
  }

  static void add(const gathered_rows<Scalar>& rows, const Scalar* weights, Scalar* y) noexcept {
    for (std::size_t first = 0; first < rows.count; first += group) {
      prefetch(rows, first);
      const Scalar* row[group];  // the last group repeats the last row, with a weight of 0
      Scalar weight[group];
      for (std::size_t r = 0; r < group; ++r) {
        const bool inside = first + r < rows.count;
        row[r] = rows.row(inside ? first + r : rows.count - 1);
        weight[r] = inside ? weights[first + r] : 0;
      }
      for (std::size_t f = 0; f < rows.width; f += lanes) {
        vector sum;
        load(sum, y + f);
#pragma GCC unroll 4
        for (std::size_t r = 0; r < group; ++r) {
          vector of_row;
          load(of_row, row[r] + f);
          sum = of_row * weight[r] + sum;
        }
        store(y + f, sum);
      }
    }
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
