#include <kindred/core/error.hpp>
#include <kindred/model/neighbors.hpp>
#include <kindred/model/similarity.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "../data/support.hpp"
#include "neighbor_reference.hpp"

namespace kindred::similarity_test {

namespace {

/// Item 0 has the ratings 4 2 5 -, item 1 has 2 4 - 1, item 2 only the 3 of the last user; items 3
/// .. 5 have none. The mean is 3.
dataset small_ratings() {
  const std::vector<index> users = {0, 0, 1, 1, 2, 3, 3};
  const std::vector<index> items = {0, 1, 0, 1, 0, 1, 2};
  const std::vector<float> values = {4, 2, 2, 4, 5, 1, 3};
  return make_dataset(test::numbered_ids(4), test::numbered_ids(6), users, items, values);
}

/// Of item 1 to item 0, as a neighbour of item 0.
double similarity_of(similarity_options options) {
  options.negative = true;
  const auto lists = find_neighbors(small_ratings(), axis::items, options, 0, {.epochs = 0});
  return static_cast<double>(test::similarity_in(lists, 0, 1));
}

doctest::Approx about(double value) { return doctest::Approx(value).epsilon(1e-6); }

}  // namespace

TEST_CASE("cosine") {
  CHECK(similarity_of({}) == about(16 / std::sqrt(45.0 * 21.0)));
  CHECK(similarity_of({.norms = similarity_norms::common}) == about(0.8));
}

TEST_CASE("adjusted cosine") {
  // Less the users' means, 3 3 5 2: items 1 -1 0 - and -1 1 - -1.
  CHECK(similarity_of({.measure = similarity::adjusted_cosine}) == about(-2 / std::sqrt(6.0)));
  CHECK(similarity_of({.measure = similarity::adjusted_cosine,
                       .norms = similarity_norms::common}) == about(-1));
}

TEST_CASE("pearson") {
  // Less the items' means, 11/3 and 7/3: thirds of 1 -5 4 - and -1 5 - -4.
  CHECK(similarity_of({.measure = similarity::pearson}) == about(-26.0 / 42));
  CHECK(similarity_of({.measure = similarity::pearson, .norms = similarity_norms::common}) ==
        about(-1));
}

TEST_CASE("baseline pearson") {
  // Without biases, less the mean: 1 -1 2 - and -1 1 - -2.
  CHECK(similarity_of({.measure = similarity::baseline_pearson}) == about(-2.0 / 6));
  CHECK(similarity_of({.measure = similarity::baseline_pearson,
                       .norms = similarity_norms::common}) == about(-1));
  CHECK(similarity_of({.measure = similarity::baseline_pearson, .shrinkage = 3}) ==
        about(-2.0 / 6 * (1.0 / 4)));
}

TEST_CASE("mean squared difference") {
  CHECK(similarity_of({.measure = similarity::mean_squared_difference}) == about(1.0 / (1 + 4)));
}

TEST_CASE("jaccard and tversky") {
  CHECK(similarity_of({.measure = similarity::jaccard}) == about(2.0 / 4));
  CHECK(similarity_of({.measure = similarity::tversky}) == about(2.0 / 3));  // Dice
  CHECK(similarity_of({.measure = similarity::tversky, .alpha = 0.2, .beta = 0.6}) ==
        about(2 / 2.8));
}

TEST_CASE("tversky and asymmetric cosine tell the two rows of a pair apart") {
  // Items 1 and 2 share one of three users, and of one.
  const auto between = [](const similarity_options& options, std::size_t a, std::size_t b) {
    const auto lists = find_neighbors(small_ratings(), axis::items, options, 0);
    return static_cast<double>(test::similarity_in(lists, a, b));
  };
  const similarity_options tversky{.measure = similarity::tversky, .alpha = 0.2, .beta = 0.6};
  CHECK(between(tversky, 1, 2) == about(1 / (1 + 0.2 * 2)));
  CHECK(between(tversky, 2, 1) == about(1 / (1 + 0.6 * 2)));
  const similarity_options cosine{.measure = similarity::asymmetric_cosine, .alpha = 0.25};
  CHECK(between(cosine, 1, 2) == about(3 / (std::pow(21, 0.25) * std::pow(9, 0.75))));
  CHECK(between(cosine, 2, 1) == about(3 / (std::pow(9, 0.25) * std::pow(21, 0.75))));
}

TEST_CASE("tf-idf") {
  // Six items; the users rated 2 2 1 2.
  const double rare = std::log(6.0 / 2);
  const double common = std::log(6.0 / 3);
  const double squares_0 = 4 * common * common + 2 * common * common + 5 * rare * rare;
  const double squares_1 = 2 * common * common + 4 * common * common + 1 * common * common;
  CHECK(similarity_of({.measure = similarity::tf_idf}) ==
        about(2 * std::sqrt(8.0) * common * common / std::sqrt(squares_0 * squares_1)));
}

TEST_CASE("bm25") {
  // The mean sum of a row is 21 / 6.
  const auto weight = [](double rating, double sum) {
    const double length = sum / 3.5;
    return rating * 2.2 / (1.2 * (0.25 + 0.75 * length) + rating) * std::log(6.0 / 3);
  };
  CHECK(similarity_of({.measure = similarity::bm25}) ==
        about(weight(4, 11) * weight(2, 7) + weight(2, 11) * weight(4, 7)));
}

TEST_CASE("log likelihood") {
  // Two users of four rated both, one each of them only one; 3 * 3 / 4 were to be expected.
  const double ratio = 2 * (2 * std::log(2 * 4 / 9.0) + 2 * std::log(4 / 3.0));
  CHECK(similarity_of({.measure = similarity::log_likelihood}) == about(-ratio / (1 + ratio)));
}

TEST_CASE("few common ratings count less") {
  const double plain = similarity_of({});
  CHECK(similarity_of({.shrinkage = 6}) == about(plain * 2 / 8));
  CHECK(similarity_of({.significance = 5}) == about(plain * 2 / 5));
  CHECK(similarity_of({.significance = 2}) == about(plain));
  CHECK(similarity_of({.shrinkage = 6, .significance = 5}) == about(plain * 2 / 8 * 2 / 5));
  CHECK(similarity_of({.min_support = 2}) == about(plain));
  CHECK(similarity_of({.min_support = 3}) == 0);
  CHECK(similarity_of({.min_similarity = plain - 1e-6}) == about(plain));
  CHECK(similarity_of({.min_similarity = plain + 1e-6}) == 0);
}

TEST_CASE("similarities refuse options out of range") {
  const auto refused = [](const similarity_options& options) {
    CHECK_THROWS_AS(check_options(options), option_error);
    CHECK_THROWS_AS((void)find_neighbors(small_ratings(), axis::items, options, 5), option_error);
  };
  for (const double bad :
       {-1e-9, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    refused({.shrinkage = bad});
    refused({.min_similarity = bad});
    refused({.alpha = bad});
    refused({.beta = bad});
    refused({.k1 = bad});
    refused({.b = bad});
  }
  refused({.b = 1.01});
  refused({.measure = similarity::asymmetric_cosine, .alpha = 1.01});
  CHECK_NOTHROW(check_options({.measure = similarity::tversky, .alpha = 1.01}));
  refused({.significance = -1});
  refused({.min_support = 0});
  refused({.measure = static_cast<similarity>(11)});
  refused({.measure = static_cast<similarity>(-1)});
  refused({.norms = static_cast<similarity_norms>(2)});
  CHECK_THROWS_AS((void)find_neighbors(small_ratings(), axis::items, {}, -1), option_error);
}

}  // namespace kindred::similarity_test
