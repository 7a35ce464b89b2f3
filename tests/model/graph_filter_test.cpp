#include <kindred/model/concepts.hpp>
#include <kindred/model/graph_filter.hpp>
#include <kindred/train/fit_options.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "../data/support.hpp"
#include "item_model_checks.hpp"
#include "linear_reference.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::graph_filter_test {

static_assert(ranking_model<graph_filter>);
static_assert(!rating_model<graph_filter>);

namespace {

Eigen::ArrayXd counts_of(const Eigen::VectorXd& sums, double exponent) {
  return sums.array().max(1.0).pow(exponent);
}

/// D_u^-1/2 R D_i^-1/2.
Eigen::MatrixXd normalized(const Eigen::MatrixXd& r) {
  const Eigen::VectorXd users = counts_of(r.rowwise().sum(), -0.5);
  const Eigen::VectorXd items = counts_of(r.colwise().sum().transpose(), -0.5);
  return users.asDiagonal() * r * items.asDiagonal();
}

/// The scores of all users by dense matrices and a full decomposition.
Eigen::MatrixXd reference(const Eigen::MatrixXd& r, const graph_filter_options& o) {
  const Eigen::VectorXd of_users = r.rowwise().sum();
  const Eigen::VectorXd of_items = r.colwise().sum().transpose();
  const auto power = [](const Eigen::VectorXd& sums, double exponent) {
    return Eigen::VectorXd(counts_of(sums, exponent)).asDiagonal().toDenseMatrix();
  };
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(normalized(r), Eigen::ComputeThinV);
  const Eigen::Index count = std::min<Eigen::Index>(o.factors, svd.matrixV().cols());
  const Eigen::MatrixXd v = svd.matrixV().leftCols(count);
  return r * power(of_items, -o.source_exponent) * r.transpose() *
             power(of_users, -o.user_exponent) * r * power(of_items, -o.target_exponent) +
         o.low_pass * r * power(of_items, -0.5) * v * v.transpose() * power(of_items, 0.5);
}

double worst_error(const graph_filter& model, const Eigen::MatrixXd& expected) {
  double worst = 0;
  std::vector<float> scores(static_cast<std::size_t>(model.num_items()));
  for (index u = 0; u < model.num_users(); ++u) {
    model.score(u, scores);
    for (std::size_t i = 0; i < scores.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(scores[i]) -
                                       expected(u, static_cast<Eigen::Index>(i))));
  }
  return worst;
}

}  // namespace

TEST_CASE("graph_filter scores as dense matrices do") {
  const dataset train = test::plain_dataset(900, 61, 47, 1);
  const Eigen::MatrixXd r = test::interactions(train, interaction_value::one);
  // So many iterations to part neighbouring singular values, which are close in random data.
  for (const graph_filter_options& options :
       {graph_filter_options{.factors = 5, .iterations = 600},
        {.user_exponent = 0.5,
        .source_exponent = 0.5,
        .target_exponent = 0.5,
        .factors = 9,
        .low_pass = 0.3,
        .iterations = 600},
        {.user_exponent = 1, .source_exponent = 0, .target_exponent = 0.1, .factors = 0},
        {.factors = 1000, .low_pass = 2}}) {
    CAPTURE(options.factors);
    graph_filter model(options);
    model.fit(train);
    const Eigen::MatrixXd expected = reference(r, options);
    CHECK(worst_error(model, expected) < 2e-4 * expected.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("graph_filter scores people who are not in the data") {
  const dataset train = test::plain_dataset(900, 61, 47, 1);
  graph_filter model({.factors = 8});
  model.fit(train);
  std::vector<float> known(47);
  std::vector<float> folded(47);
  for (index u = 0; u < train.num_users(); ++u) {
    model.score(u, known);
    auto items = train.by_user(u).indices();
    std::vector<index> more(items.begin(), items.end());
    more.push_back(1000);
    more.push_back(-1);
    model.score(more, folded);
    CHECK(folded == known);
  }
  model.score(-1, known);
  CHECK(std::count(known.begin(), known.end(), 0.0F) == 47);
}

TEST_CASE("graph_filter reports what is left out of its vectors") {
  const dataset train = test::plain_dataset(900, 61, 47, 1);
  const dataset validation = test::plain_dataset(90, 70, 50, 4);
  const Eigen::MatrixXd r = test::interactions(train, interaction_value::one);
  const graph_filter_options options{.factors = 6, .iterations = 600};
  graph_filter model(options);
  const fit_history history = model.fit(train, {.validation = validation});
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(normalized(r));
  const double all = svd.singularValues().squaredNorm();
  CHECK(history.epochs.at(0).train_loss ==
        doctest::Approx(1 - svd.singularValues().head(6).squaredNorm() / all).epsilon(1e-4));
  const Eigen::MatrixXd scores = reference(r, options);
  double sum = 0;
  for (index u = 0; u < validation.num_users(); ++u)
    for (const index item : validation.by_user(u).indices()) {
      const bool known = u < scores.rows() && item < scores.cols();
      sum += std::pow(1 - (known ? scores(u, item) : 0), 2);
    }
  CHECK(history.epochs.at(0).validation_loss ==
        doctest::Approx(sum / static_cast<double>(validation.size())).epsilon(1e-4));
}

TEST_CASE("graph_filter answers with numbers whatever the data") {
  for (const dataset& train : test::odd_datasets()) {
    graph_filter model;
    model.fit(train);
    CHECK(test::all_finite(model));
  }
}

TEST_CASE("graph_filter keeps to what all models keep to") {
  for (const auto& train :
       {test::plain_dataset(5000, 97, 43, 1), test::plain_dataset(31, 1, 31, 2)})
    test::check_same_bits_everywhere(graph_filter({.factors = 20}), train);
  test::check_failed_fits(graph_filter());
  test::check_round_trip(graph_filter({.user_exponent = 1,
                                       .source_exponent = 0.25,
                                       .target_exponent = 0.75,
                                       .factors = 7,
                                       .low_pass = 0.5,
                                       .iterations = 3,
                                       .seed = 9}));
  test::check_round_trip(graph_filter({.factors = 0}));
  for (const double bad : {-0.1, 2.1, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(graph_filter({.user_exponent = bad}), option_error);
    CHECK_THROWS_AS(graph_filter({.source_exponent = bad}), option_error);
    CHECK_THROWS_AS(graph_filter({.target_exponent = bad}), option_error);
  }
  CHECK_THROWS_AS(graph_filter({.factors = 4097}), option_error);
  CHECK_THROWS_AS(graph_filter({.low_pass = -1}), option_error);
  CHECK_THROWS_AS(graph_filter({.iterations = 0}), option_error);
}

TEST_CASE("graph_filter refuses a file whose parts do not fit") {
  graph_filter model({.factors = 4});
  model.fit(test::plain_dataset(100, 10, 12, 1));
  CHECK(!test::refuses<float>(model, "rows", 3, 2));
  for (const index bad : {-1, 12, 1000000})
    CHECK(test::refuses<index>(model, "user_items", 0, bad));
  for (const index bad : {-1, 10, 1000000})
    CHECK(test::refuses<index>(model, "item_users", 0, bad));
  CHECK(test::refuses<index>(model, "item_offsets", 1, 1000));
}

}  // namespace kindred::graph_filter_test
