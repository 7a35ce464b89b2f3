namespace kindred::kernel::KINDRED_TARGET {

/// Products of rows that lie anywhere, a group of them at a time.
template <class Scalar>
struct gathered_products {
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
      const std::size_t last = first + group <= rows.count ? group - 1 : rows.count - first - 1;
      const Scalar* row[group];  // the last group repeats the last row to be full
#pragma GCC unroll 4
      for (std::size_t r = 0; r < group; ++r) row[r] = rows.row(first + (r < last ? r : last));
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
      if (last == group - 1)
        store(products + first, four);
      else
        for (std::size_t r = 0; r <= last; ++r) products[first + r] = four[r];
    }
  }

  /// A row is fetched while eight others are copied.
  static void pack_rows(const gathered_rows<Scalar>& rows, const Scalar* factors, Scalar* panel,
                        std::size_t stride) noexcept {
    constexpr std::size_t ahead = 8;
    const std::size_t width = rows.width;  // which no store to the panel can change
    for (std::size_t n = 0; n < rows.count; ++n, panel += stride) {
      if (n + ahead < rows.count)
        for (std::size_t f = 0; f < width; f += 64 / sizeof(Scalar))
          __builtin_prefetch(rows.row(n + ahead) + f);
      const Scalar* const row = rows.row(n);
      const Scalar factor = factors[n];
      std::size_t f = 0;
      for (; f + lanes <= width; f += lanes) {
        vector x;
        load(x, row + f);
        store(panel + f, x * factor);
      }
      for (; f < width; ++f) panel[f] = row[f] * factor;
      for (; f < stride; ++f) panel[f] = 0;
    }
  }

  /// Four rows and four columns at a time; the last rows repeat, times 0, to be four.
  static void pack_columns(const gathered_rows<Scalar>& rows, const Scalar* row_factors,
                           const Scalar* column_factors, Scalar* panel,
                           std::size_t stride) noexcept {
    const std::size_t width = rows.width;
    for (std::size_t first = 0; first < stride; first += group) {
      if (first >= rows.count) {
        for (std::size_t f = 0; f < width; ++f) store(panel + f * stride + first, quad_t<Scalar>{});
        continue;
      }
      prefetch(rows, first);
      const Scalar* row[group];
      Scalar factor[group];
      for (std::size_t r = 0; r < group; ++r) {
        const bool within = first + r < rows.count;
        row[r] = rows.row(within ? first + r : rows.count - 1);
        factor[r] = within ? row_factors[first + r] : 0;
      }
      for (std::size_t f = 0; f < width; f += group) {
        quad_t<Scalar> of_column, block[group];
        load(of_column, column_factors + f);
#pragma GCC unroll 4
        for (std::size_t r = 0; r < group; ++r) {
          load(block[r], row[r] + f);
          block[r] *= of_column * factor[r];
        }
        transpose<Scalar>(block[0], block[1], block[2], block[3]);
#pragma GCC unroll 4
        for (std::size_t r = 0; r < group; ++r) store(panel + (f + r) * stride + first, block[r]);
      }
    }
  }

  static void add(const gathered_rows<Scalar>& rows, const Scalar* weights, Scalar* y) noexcept {
    std::size_t first = 0;
    for (; first + group <= rows.count; first += group) add_group<group>(rows, first, weights, y);
    for (; first < rows.count; ++first) add_group<1>(rows, first, weights, y);
  }

 private:
  /// Sums up the group before it looks at `y`, which waits for the group before.
  template <std::size_t Rows>
  [[gnu::always_inline]] static void add_group(const gathered_rows<Scalar>& rows, std::size_t first,
                                               const Scalar* weights, Scalar* y) noexcept {
    const Scalar* row[Rows];
    vector weight[Rows];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r) {
      row[r] = rows.row(first + r);
      weight[r] = vector{} + weights[first + r];
    }
    for (std::size_t f = 0; f < rows.width; f += lanes) {
      vector sum{};
#pragma GCC unroll 8
      for (std::size_t r = 0; r < Rows; ++r) {
        vector of_row;
        load(of_row, row[r] + f);
        sum = of_row * weight[r] + sum;
      }
      vector before;
      load(before, y + f);
      store(y + f, before + sum);
    }
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
