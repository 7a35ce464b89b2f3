// What compile_compare.py compiles of mlpack: learn from ratings, recommend.
#include <mlpack/core.hpp>
#include <mlpack/methods/cf/cf.hpp>

int main(int, char** argv) {
  arma::mat ratings;
  mlpack::data::Load(argv[1], ratings, true);
  mlpack::CFType<mlpack::RegSVDPolicy> model(ratings, mlpack::RegSVDPolicy(), 5, 64);
  arma::Mat<std::size_t> best;
  model.GetRecommendations(10, best);
  best.col(0).print();
}
