#include <kindred/backend/cuda.hpp>
#include <kindred/kindred.hpp>

void fit_where_it_is_fast(kindred::matrix_factorization<>& model, const kindred::dataset& train) {
  if (kindred::backend::cuda::available())
    model.fit(train, {}, kindred::backend::cuda{});
  else
    model.fit(train);
}
