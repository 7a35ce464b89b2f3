// What compile_compare.py compiles of mlpack: the model that its CF program serves, with whatever
// decomposition, normalization, search and interpolation the caller names.
#include <mlpack/core.hpp>
#include <mlpack/methods/cf/cf_model.hpp>

#include <cstddef>

int main(int, char** argv) {
  arma::mat ratings;
  mlpack::data::Load(argv[1], ratings, true);
  mlpack::CFModel model;
  model.DecompositionType() = mlpack::CFModel::REG_SVD;
  model.NormalizationType() = mlpack::CFModel::NO_NORMALIZATION;
  model.Train(ratings, 5, 64, 20, 1e-5, false);
  arma::Mat<std::size_t> best;
  model.GetRecommendations(mlpack::EUCLIDEAN_SEARCH, mlpack::AVERAGE_INTERPOLATION, 10, best);
  best.col(0).print();
}
