#include <kindred/backend/cuda.hpp>
#include <kindred/serve/cuda_item_index.hpp>

#include <cstddef>
#include <kindred/kindred.hpp>

void fit_where_it_is_fast(kindred::matrix_factorization<>& model, const kindred::dataset& train) {
  if (kindred::backend::cuda::available())
    model.fit(train, {}, kindred::backend::cuda{});
  else
    model.fit(train);
}

kindred::scored_lists rank_for_all(const kindred::matrix_factorization<>& model,
                                   const kindred::dataset& train, std::size_t k) {
  return kindred::cuda_item_index{model}.recommend_all(model, train, k);
}
