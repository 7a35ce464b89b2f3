#include <kindred/backend/cuda.hpp>
#include <kindred/serve/cuda_item_index.hpp>

#include <cstddef>
#include <kindred/kindred.hpp>

template <class Model>
void fit_where_it_is_fast(Model& model, const kindred::dataset& train) {
  if (kindred::backend::cuda::available())
    model.fit(train, {}, kindred::backend::cuda{});
  else
    model.fit(train);
}

kindred::scored_lists rank_for_all(const kindred::matrix_factorization<>& model,
                                   const kindred::dataset& train, std::size_t k) {
  return kindred::cuda_item_index{model}.recommend_all(model, train, k);
}

template void fit_where_it_is_fast(kindred::matrix_factorization<>&, const kindred::dataset&);
template void fit_where_it_is_fast(kindred::als&, const kindred::dataset&);
template void fit_where_it_is_fast(kindred::implicit_als&, const kindred::dataset&);
template void fit_where_it_is_fast(kindred::item_knn&, const kindred::dataset&);
template void fit_where_it_is_fast(kindred::mlp_rating&, const kindred::dataset&);
