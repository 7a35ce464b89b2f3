#include <kindred/data/eigen.hpp>

#include <doctest/doctest.h>
#include <Eigen/Dense>

#include "support.hpp"

namespace kindred::eigen_test {

using namespace test;

TEST_CASE("user_item_matrix: the ratings where they belong, without a copy") {
  const dataset data = random_dataset(2000, 70, 90, 4);
  const rating_matrix ratings = user_item_matrix(data);
  REQUIRE(ratings.rows() == 70);
  REQUIRE(ratings.cols() == 90);
  CHECK(ratings.nonZeros() == static_cast<Eigen::Index>(data.size()));
  CHECK(ratings.valuePtr() == data.row_values().data());
  CHECK(ratings.innerIndexPtr() == data.row_items().data());
  Eigen::MatrixXf dense = Eigen::MatrixXf::Zero(70, 90);
  for (const rating& r : ratings_of(data)) dense(r.user, r.item) = r.value;
  CHECK(Eigen::MatrixXf(ratings) == dense);
  CHECK(Eigen::MatrixXf(item_user_matrix(data)) == dense.transpose());
  CHECK(item_user_matrix(data).valuePtr() == data.column_values().data());
  const Eigen::VectorXf sums = ratings * Eigen::VectorXf::Ones(90);
  CHECK(sums.isApprox(dense.rowwise().sum()));
}

TEST_CASE("user_item_matrix: of an empty dataset, and of one without ratings") {
  const dataset none;
  CHECK(user_item_matrix(none).size() == 0);
  CHECK(item_user_matrix(none).nonZeros() == 0);
  const dataset quiet = make_dataset(numbered_ids(3), numbered_ids(2), rating_columns{});
  CHECK(Eigen::MatrixXf(user_item_matrix(quiet)) == Eigen::MatrixXf::Zero(3, 2));
  CHECK(Eigen::MatrixXf(item_user_matrix(quiet)) == Eigen::MatrixXf::Zero(2, 3));
}

}  // namespace kindred::eigen_test
