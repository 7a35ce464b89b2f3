#include <kindred/core/error.hpp>
#include <kindred/io/load_recommender.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "support.hpp"

namespace kindred::model_files_test {

namespace {

dataset small_data() { return test::random_dataset(400, 37, 21, 3); }

/// Same options where there are any, same answers to every question of the models' contract.
template <class Model>
void check_same(const Model& a, const Model& b) {
  REQUIRE(a.num_users() == b.num_users());
  REQUIRE(a.num_items() == b.num_items());
  CHECK(a.options() == b.options());
  const auto items = static_cast<std::size_t>(a.num_items());
  std::size_t different = 0;
  for (index u = -1; u <= a.num_users(); ++u) {
    for (index i = -1; i <= a.num_items(); ++i)
      different += a.predict(u, i) == b.predict(u, i) ? 0U : 1U;
    std::vector<float> of_a(items);
    std::vector<float> of_b(items);
    a.score(u, of_a);
    b.score(u, of_b);
    different += of_a == of_b ? 0U : 1U;
  }
  CHECK(different == 0);
}

template <class Scalar>
matrix_factorization<Scalar> factorization(const dataset& train) {
  matrix_factorization<Scalar> model({.factors = 5,
                                      .epochs = 3,
                                      .schedule = learning_rate_schedule::constant,
                                      .learning_rate = 0.01,
                                      .regularization = 0.1 / 3,
                                      .frequency_exponent = 0.5,
                                      .init_scale = 0.07,
                                      .seed = 0xfedcba9876543210U});
  model.fit(train);
  return model;
}

template <class Model>
void check_round_trip(const Model& model) {
  const temporary_folder folder;
  const std::string path = folder.path("model");
  save(model, path);
  const auto loaded = load_model<Model>(path);
  std::filesystem::remove(path);
  check_same(model, loaded);
}

/// What loading says of the model's file with `from` replaced by `to`, without the path.
template <class Model>
std::string refusal_of(const Model& model, std::string_view from, std::string_view to) {
  const temporary_folder folder;
  save(model, folder.path("model"));
  std::string bytes = test::read_file(folder.path("model"));
  bytes.replace(bytes.find(from), from.size(), to);
  const std::string path = folder.write("odd", bytes);
  try {
    (void)load_model<Model>(path, {.verify_checksum = false});
  } catch (const format_error& error) {
    return std::string(error.what()).substr(path.size() + 2);
  }
  return "no error";
}

std::vector<std::pair<std::string, float>> lines_of(const recommendations& list) {
  std::vector<std::pair<std::string, float>> lines;
  for (const auto& [item, score] : list) lines.emplace_back(item, score);
  return lines;
}

struct seen_lists {
  std::vector<index> offsets;
  std::vector<index> items;
};

/// A recommender's file of two users and three items, with these lists of seen items in it.
std::string with_seen(const temporary_folder& folder, const seen_lists& seen) {
  const auto array_of = [](const std::vector<index>& numbers) {
    return shared_array<index>(aligned_vector<index>(numbers.begin(), numbers.end()));
  };
  const dataset train = test::random_dataset(20, 2, 3, 1);
  tensor_writer out("recommender");
  out.add("model", factorization<float>(train));
  out.add("users", train.users());
  out.add("items", train.items());
  out.add("seen_offsets", array_of(seen.offsets), {seen.offsets.size()});
  out.add("seen_items", array_of(seen.items), {seen.items.size()});
  out.save(folder.path("recommender"));
  return folder.path("recommender");
}

}  // namespace

TEST_CASE_TEMPLATE("a factorization that is saved and loaded is the same", Scalar, float, double) {
  const auto model = factorization<Scalar>(small_data());
  check_round_trip(model);
  const temporary_folder folder;
  save(model, folder.path("model"));
  const auto loaded = load_model<matrix_factorization<Scalar>>(folder.path("model"));
  const std::vector<index> items = {3, 1, 20};
  const std::vector<float> ratings = {5, 1, 3};
  CHECK(loaded.fold_in(items, ratings) == model.fold_in(items, ratings));
  CHECK(loaded.mean() == model.mean());
}

TEST_CASE("a factorization without factors or biases is saved as it is") {
  for (const bool biases : {true, false}) {
    matrix_factorization<> model({.factors = biases ? 0 : 3, .epochs = 2, .biases = biases});
    model.fit(small_data());
    check_round_trip(model);
  }
}

TEST_CASE("a baseline that is saved and loaded is the same") {
  baseline_model model({.epochs = 3, .user_regularization = 0.7, .clip = false});
  model.fit(small_data());
  check_round_trip(model);
}

TEST_CASE("a popularity that is saved and loaded is the same") {
  for (const auto order : {popularity_order::ratings, popularity_order::damped_mean}) {
    popularity_model model({.order = order, .damping = 1.0 / 3});
    model.fit(small_data());
    check_round_trip(model);
  }
}

TEST_CASE("a factorization of another scalar is a format_error") {
  const temporary_folder folder;
  save(factorization<float>(small_data()), folder.path("model"));
  CHECK_THROWS_AS((void)load_model<matrix_factorization<double>>(folder.path("model")),
                  format_error);
}

TEST_CASE("a model that is not fitted has nothing to save") {
  const temporary_folder folder;
  CHECK_THROWS_AS(save(matrix_factorization<>(), folder.path("model")), not_fitted_error);
  CHECK_THROWS_AS(save(baseline_model(), folder.path("model")), not_fitted_error);
  CHECK_THROWS_AS(save(popularity_model(), folder.path("model")), not_fitted_error);
  CHECK(test::count_files(folder) == 0);
}

TEST_CASE("a loaded model can be fitted anew, and its copies keep the old parameters") {
  const temporary_folder folder;
  const dataset train = small_data();
  const auto model = factorization<float>(train);
  save(model, folder.path("model"));
  auto loaded = load_model<matrix_factorization<>>(folder.path("model"));
  const auto copy = loaded;
  loaded.fit(test::random_dataset(300, 10, 12, 4));
  check_same(copy, model);
  loaded.fit(train);
  check_same(loaded, model);
}

TEST_CASE("values that a model refuses are a format_error that says which") {
  CHECK(refusal_of(factorization<float>(small_data()), R"("init_scale":"0.07")",
                   R"("init_scale":"-0.7")") == "option init_scale = -0.7 is not in [0, 1e3)");
  CHECK(refusal_of(factorization<float>(small_data()), R"("schedule":"0")", R"("schedule":"7")") ==
        "option schedule = 7 is not in {constant, inverse_time, adagrad}");
  CHECK(refusal_of(factorization<float>(small_data()), R"("min_value":"0.5")",
                   R"("min_value":"5.5")") == "min_value is greater than max_value");
  baseline_model baseline({.epochs = 1});
  baseline.fit(small_data());
  CHECK(refusal_of(baseline, R"("solver":"0")", R"("solver":"2")") ==
        "option solver = 2 is not in {als, sgd}");
  popularity_model popularity;
  popularity.fit(small_data());
  CHECK(refusal_of(popularity, R"("order":"0")", R"("order":"2")") ==
        "option order = 2 is not in {ratings, damped_mean}");
}

TEST_CASE("a recommender that is saved and loaded gives the same answers") {
  const temporary_folder folder;
  const dataset train = small_data();
  const recommender served{factorization<float>(train), train};
  save(served, folder.path("shop"));
  const auto loaded = load_recommender<matrix_factorization<>>(folder.path("shop"));
  std::filesystem::remove(folder.path("shop"));
  check_same(served.model(), loaded.model());
  for (index u = 0; u < train.num_users(); ++u) {
    const std::string_view id = train.users().id(u);
    for (const bool exclude_seen : {true, false}) {
      const recommend_options options{.exclude_seen = exclude_seen};
      const auto list = loaded.recommend(id, 100, options);
      CHECK(lines_of(list) == lines_of(served.recommend(id, 100, options)));
      CHECK(list.cold_start() == served.recommend(id, 100, options).cold_start());
    }
  }
  const auto stranger = loaded.recommend("nobody", 5);
  CHECK(stranger.cold_start());
  CHECK(lines_of(stranger) == lines_of(served.recommend("nobody", 5)));
  CHECK(lines_of(loaded.similar_items("i3", 5)) == lines_of(served.similar_items("i3", 5)));
}

TEST_CASE("a recommender and its model are different kinds of file") {
  const temporary_folder folder;
  const dataset train = small_data();
  const auto model = factorization<float>(train);
  save(model, folder.path("model"));
  save(recommender{model, train}, folder.path("shop"));
  CHECK_THROWS_AS((void)load_recommender<matrix_factorization<>>(folder.path("model")),
                  format_error);
  CHECK_THROWS_AS((void)load_model<matrix_factorization<>>(folder.path("shop")), format_error);
  CHECK_THROWS_AS((void)load_recommender<matrix_factorization<double>>(folder.path("shop")),
                  format_error);
}

TEST_CASE("a recommender of any model can be saved") {
  const temporary_folder folder;
  const dataset train = small_data();
  popularity_model popularity;
  popularity.fit(train);
  const recommender served{popularity, train};
  save(served, folder.path("shop"));
  const auto loaded = load_recommender<popularity_model>(folder.path("shop"));
  for (index u = 0; u < train.num_users(); ++u) {
    const std::string_view id = train.users().id(u);
    CHECK(lines_of(loaded.recommend(id, 5)) == lines_of(served.recommend(id, 5)));
  }
}

TEST_CASE("lists of seen items that contradict the ids are a format_error") {
  const temporary_folder folder;
  const auto load = [&](const seen_lists& seen) {
    return load_recommender<matrix_factorization<>>(with_seen(folder, seen));
  };
  CHECK_NOTHROW((void)load({{0, 2, 3}, {0, 2, 1}}));
  CHECK_NOTHROW((void)load({{0, 0, 0}, {}}));
  for (const seen_lists& seen : std::initializer_list<seen_lists>{{{}, {}},
                                                                  {{0, 3}, {0, 1, 2}},
                                                                  {{0, 1, 2, 3}, {0, 1, 2}},
                                                                  {{0, 2, 4}, {0, 2, 1}},
                                                                  {{0, 2, 2}, {0, 2, 1}},
                                                                  {{1, 2, 3}, {0, 2, 1}},
                                                                  {{0, 4, 3}, {0, 2, 1}},
                                                                  {{0, -1, 3}, {0, 2, 1}},
                                                                  {{0, 2, -1}, {0, 2, 1}},
                                                                  {{0, 2, 3}, {0, 3, 1}},
                                                                  {{0, 2, 3}, {0, -1, 1}},
                                                                  {{0, 2, 3}, {0, 0, 1}},
                                                                  {{0, 2, 3}, {2, 0, 1}}}) {
    CAPTURE(seen.offsets);
    CAPTURE(seen.items);
    CHECK_THROWS_AS((void)load(seen), format_error);
  }
}

TEST_CASE("every change of a byte of a recommender's header is a format_error") {
  const temporary_folder folder;
  const dataset train = test::random_dataset(20, 4, 3, 1);
  const std::string path = folder.path("shop");
  save(recommender{factorization<float>(train), train}, path);
  const std::string bytes = test::read_file(path);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const std::string copy = folder.write("damaged", damaged);
    REQUIRE_THROWS_AS((void)load_recommender<matrix_factorization<>>(copy), format_error);
    try {  // sound or refused, and no sanitizer has anything to say
      const auto odd = load_recommender<matrix_factorization<>>(copy, {.verify_checksum = false});
      (void)odd.recommend("u0", 3);
    } catch (const format_error&) {
    }
  }
}

}  // namespace kindred::model_files_test
