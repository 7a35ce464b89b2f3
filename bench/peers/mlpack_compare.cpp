// Races matrix_factorization against mlpack's RegularizedSVD: see sgd_race.hpp. Its ratings are
// less their mean, which it does not model.
#include <kindred/data/split.hpp>

#include <mlpack/core.hpp>
#include <mlpack/methods/regularized_svd/regularized_svd.hpp>

#include <cstddef>

#include "exchange.hpp"
#include "sgd_race.hpp"

namespace {

struct regularized_svd {
  static constexpr float penalties[] = {0.02F, 0.05F, 0.1F};
  static constexpr float rates[] = {0.01F, 0.03F};
  static constexpr int epochs[] = {5, 10, 20, 40};

  static kindred::bench::sgd_outcome fit(const kindred::split& data,
                                         kindred::bench::sgd_setting s) {
    const double mean = data.train.mean();
    arma::mat ratings(3, data.train.size());
    std::size_t n = 0;
    for (kindred::index u = 0; u < data.train.num_users(); ++u)
      for (const auto [item, value] : data.train.by_user(u)) {
        ratings(0, n) = u;
        ratings(1, n) = item;
        ratings(2, n++) = static_cast<double>(value) - mean;
      }
    arma::mat items;
    arma::mat users;
    const double took = exchange::seconds_of([&] {
      mlpack::RegularizedSVD<> svd(static_cast<std::size_t>(s.epochs), static_cast<double>(s.rate),
                                   static_cast<double>(s.penalty));
      svd.Apply(ratings, static_cast<std::size_t>(s.factors), items, users);
    });
    const double rmse = kindred::bench::rmse_of(data.test, [&](kindred::index u, kindred::index i) {
      return mean + arma::dot(items.row(static_cast<arma::uword>(i)),
                              users.col(static_cast<arma::uword>(u)));
    });
    return {took, rmse};
  }
};

}  // namespace

int main(int argc, char** argv) { return kindred::bench::race_sgd<regularized_svd>(argc, argv); }
