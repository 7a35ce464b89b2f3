#include <kindred/backend/serial.hpp>
#include <kindred/core/error.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/neighbors.hpp>
#include <kindred/model/user_knn.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "../data/support.hpp"
#include "../ml_100k.hpp"
#include "../temporary_folder.hpp"
#include "neighbor_reference.hpp"

namespace kindred::knn_model_test {

static_assert(rating_model<user_knn> && ranking_model<user_knn>);
static_assert(rating_model<item_knn> && ranking_model<item_knn>);

namespace {

/// Predictions and scores straight from their definitions, over the similarities of the library.
class knn_reference {
 public:
  knn_reference(const dataset& data, axis side, const knn_options& options)
      : data_(data),
        side_(side),
        options_(options),
        lists_(find_neighbors(data, side, options.similarity, options.neighbors, options.baseline)),
        baseline_(options.baseline) {
    baseline_.fit(data);
    for (const test::rating& r : test::ratings_of(data))
      ratings_[{row(r.user, r.item), column(r.user, r.item)}] = r;
    for (std::size_t n = 0; n < lists_.size(); ++n) {
      std::vector<double> values;
      for (const auto& [pair, r] : ratings_)
        if (pair.first == static_cast<index>(n)) values.push_back(static_cast<double>(r.value));
      means_.push_back(values.empty() ? data.mean() : mean(values));
      deviations_.push_back(deviation(values));
    }
    std::vector<double> all;
    for (const auto& [pair, r] : ratings_) all.push_back(static_cast<double>(r.value));
    for (double& one : deviations_)
      if (one == 0) one = deviation(all);
  }

  [[nodiscard]] double predict(index user, index item) const {
    const index to = row(user, item);
    const index at = column(user, item);
    std::vector<neighbor> near;
    const neighbor_list list = lists_[static_cast<std::size_t>(to)];
    for (std::size_t n = 0; n < list.size(); ++n)
      if (ratings_.contains({list.rows[n], at})) near.push_back(list[n]);
    std::sort(near.begin(), near.end(), nearer);
    if (options_.k > 0 && near.size() > static_cast<std::size_t>(options_.k))
      near.resize(static_cast<std::size_t>(options_.k));
    const bool plain = options_.predictor == knn_predictor::plain;
    if (near.size() < static_cast<std::size_t>(options_.min_k))
      return plain ? data_.mean() : base(to, at);
    double sum = 0;
    double total = 0;
    for (const neighbor& one : near) {
      sum += term(one, to, at);
      total += static_cast<double>(std::abs(one.similarity)) * weight({one.row, at});
    }
    return base(to, at) + sum / total;
  }

  [[nodiscard]] double score(index user, index item) const {
    double sum = base(row(user, item), column(user, item));
    for (const auto& [pair, r] : ratings_) {
      const auto [rated, by] = pair;
      if (side_ == axis::items && by == user)  // each item of the user to its own neighbours
        sum += term({rated, similarity_to(rated, item)}, item, user);
      if (side_ == axis::users && by == item)
        sum += term({rated, similarity_to(user, rated)}, user, item);
    }
    return sum;
  }

 private:
  [[nodiscard]] index row(index u, index i) const { return side_ == axis::users ? u : i; }
  [[nodiscard]] index column(index u, index i) const { return side_ == axis::users ? i : u; }
  [[nodiscard]] float similarity_to(index a, index b) const {
    return test::similarity_in(lists_, static_cast<std::size_t>(a), static_cast<std::size_t>(b));
  }
  [[nodiscard]] double weight(const std::pair<index, index>& pair) const {
    return data_.has_weights() ? static_cast<double>(ratings_.at(pair).weight) : 1;
  }
  [[nodiscard]] double scale(index a) const {
    return options_.predictor == knn_predictor::z_score ? deviations_[static_cast<std::size_t>(a)]
                                                        : 1;
  }
  [[nodiscard]] double base(index to, index at) const {
    if (options_.predictor == knn_predictor::plain) return 0;
    if (options_.predictor != knn_predictor::baseline) return means_[static_cast<std::size_t>(to)];
    const auto user = static_cast<std::size_t>(side_ == axis::users ? to : at);
    const auto item = static_cast<std::size_t>(side_ == axis::users ? at : to);
    return baseline_.mean() + static_cast<double>(baseline_.user_biases()[user]) +
           static_cast<double>(baseline_.item_biases()[item]);
  }
  [[nodiscard]] double term(const neighbor& one, index to, index at) const {
    const auto value = static_cast<double>(ratings_.at({one.row, at}).value);
    return static_cast<double>(one.similarity) * weight({one.row, at}) *
           (value - base(one.row, at)) / scale(one.row) * scale(to);
  }
  static double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  }
  static double deviation(const std::vector<double>& values) {
    if (values.empty()) return 0;
    double squares = 0;
    for (const double value : values) squares += std::pow(value - mean(values), 2);
    return std::sqrt(squares / static_cast<double>(values.size()));
  }

  const dataset& data_;
  axis side_;
  knn_options options_;
  neighbor_lists lists_;
  baseline_model baseline_;
  std::map<std::pair<index, index>, test::rating> ratings_;  // by row, column
  std::vector<double> means_;
  std::vector<double> deviations_;
};

template <class Model>
void check_against_reference(const dataset& data, const knn_options& options) {
  CAPTURE(static_cast<int>(options.predictor));
  CAPTURE(options.k);
  Model model(options);
  model.fit(data);
  const knn_reference expected(data, Model::side, options);
  double worst = 0;
  double worst_score = 0;
  std::vector<float> scores(static_cast<std::size_t>(data.num_items()));
  for (index u = 0; u < data.num_users(); ++u) {
    model.score(u, scores);
    for (index i = 0; i < data.num_items(); ++i) {
      const double of_score = expected.score(u, i);
      worst = std::max(worst,
                       std::abs(static_cast<double>(model.predict(u, i)) - expected.predict(u, i)));
      worst_score =
          std::max(worst_score,
                   std::abs(static_cast<double>(scores[static_cast<std::size_t>(i)]) - of_score) /
                       std::max(1.0, std::abs(of_score)));
    }
  }
  CHECK(worst < 1e-5);
  CHECK(worst_score < 1e-5);
}

constexpr auto predictors = {knn_predictor::plain, knn_predictor::mean_centered,
                             knn_predictor::z_score, knn_predictor::baseline};

dataset small_data(bool weights = true) {
  auto columns = test::random_columns(260, 21, 24, 1);
  columns.times.clear();
  if (!weights) columns.weights.clear();
  return make_dataset(test::numbered_ids(21), test::numbered_ids(24), std::move(columns));
}

template <class Model>
std::vector<float> answers_of(const Model& model) {
  std::vector<float> answers;
  for (index u = -1; u <= model.num_users(); ++u) {
    for (index i = -1; i <= model.num_items(); ++i) answers.push_back(model.predict(u, i));
    std::vector<float> scores(static_cast<std::size_t>(model.num_items()));
    model.score(u, scores);
    answers.insert(answers.end(), scores.begin(), scores.end());
  }
  return answers;
}

}  // namespace

TEST_CASE_TEMPLATE("knn predicts and scores as its definition says", Model, user_knn, item_knn) {
  for (const bool weights : {false, true})
    for (const auto predictor : predictors)
      for (const int k : {0, 1, 4, 40}) {
        const knn_options options{.similarity = {.measure = similarity::pearson, .negative = true},
                                  .predictor = predictor,
                                  .k = k,
                                  .min_k = 2,
                                  .neighbors = 9,
                                  .clip = false};
        check_against_reference<Model>(small_data(weights), options);
      }
}

TEST_CASE_TEMPLATE("knn takes all neighbours kept, and only positive ones, by default", Model,
                   user_knn, item_knn) {
  check_against_reference<Model>(
      small_data(), {.similarity = {.measure = similarity::adjusted_cosine}, .clip = false});
}

TEST_CASE("item knn by hand") {
  // Items 0 and 1 agree but for the scale; user 2 rated one of them.
  const std::vector<index> users = {0, 0, 1, 1, 2};
  const std::vector<index> items = {0, 1, 0, 1, 0};
  const std::vector<float> values = {2, 1, 4, 2, 3};
  const dataset data =
      make_dataset(test::numbered_ids(3), test::numbered_ids(2), users, items, values);
  const similarity_options cosines{.measure = similarity::cosine};
  item_knn plain{{.similarity = cosines, .predictor = knn_predictor::plain}};
  plain.fit(data);
  CHECK(plain.predict(2, 1) == 3);  // the one neighbour's rating
  item_knn centred{
      {.similarity = cosines, .predictor = knn_predictor::mean_centered, .clip = false}};
  centred.fit(data);
  CHECK(centred.predict(2, 1) == doctest::Approx(1.5 + (3 - 3)));
  CHECK(centred.predict(0, 1) == doctest::Approx(1.5 + (2 - 3)));
  const double cosine = (2 + 8) / std::sqrt((4.0 + 16 + 9) * (1 + 4));
  std::vector<float> scores(2);
  plain.score(2, scores);
  CHECK(scores[0] == 0);
  CHECK(scores[1] == doctest::Approx(3 * cosine));
  std::vector<scored_item> best(5);
  const auto similar = plain.similar_items(0, best);
  REQUIRE(similar.size() == 1);
  CHECK(similar[0].item == 1);
  CHECK(similar[0].score == doctest::Approx(cosine));
}

TEST_CASE_TEMPLATE("knn explains a prediction: base and parts add up to it", Model, user_knn,
                   item_knn) {
  const dataset data = small_data();
  for (const auto predictor : predictors)
    for (const int k : {0, 3}) {
      Model model{{.similarity = {.measure = similarity::pearson, .negative = true},
                   .predictor = predictor,
                   .k = k,
                   .clip = false}};
      model.fit(data);
      std::size_t parts = 0;
      for (index u = -1; u <= data.num_users(); ++u)
        for (index i = -1; i <= data.num_items(); ++i) {
          const explanation why = model.explain(u, i);
          CHECK(why.value == model.predict(u, i));
          CHECK(why.side == Model::side);
          double sum = 0;
          for (const explanation_part& one : why.parts) sum += one.part;
          CHECK(static_cast<float>(why.base + sum) == why.value);
          if (k > 0) CHECK(why.parts.size() <= static_cast<std::size_t>(k));
          parts += why.parts.size();
          for (const explanation_part& one : why.parts) {
            const bool items = Model::side == axis::items;
            const auto given = data.by_user(items ? u : one.neighbor);
            const index rated = items ? one.neighbor : i;
            const auto at = std::ranges::find(given.indices(), rated) - given.indices().begin();
            CHECK(one.rating == given.values()[static_cast<std::size_t>(at)]);
          }
        }
      CHECK(parts > 500);
    }
}

TEST_CASE_TEMPLATE("knn explains a score: base and parts add up to it", Model, user_knn, item_knn) {
  const dataset data = small_data();
  for (const auto predictor : predictors) {
    Model model{
        {.similarity = {.measure = similarity::cosine}, .predictor = predictor, .neighbors = 6}};
    model.fit(data);
    std::size_t parts = 0;
    std::vector<float> scores(static_cast<std::size_t>(data.num_items()));
    for (index u = -1; u <= data.num_users(); ++u) {
      model.score(u, scores);
      for (index i = 0; i < data.num_items(); ++i) {
        const explanation why = model.explain_score(u, i);
        CHECK(why.value == scores[static_cast<std::size_t>(i)]);
        auto sum = static_cast<float>(why.base);
        for (const explanation_part& one : why.parts) sum += static_cast<float>(one.part);
        CHECK(sum == why.value);
        if (u < 0 || u >= data.num_users()) CHECK(why.parts.empty());
        parts += why.parts.size();
      }
    }
    CHECK(parts > 500);
  }
}

TEST_CASE_TEMPLATE("knn says what is known of a pair without neighbours", Model, user_knn,
                   item_knn) {
  const dataset data = small_data();
  constexpr index last = std::numeric_limits<index>::max();
  constexpr index first = std::numeric_limits<index>::min();
  const auto about = [](double value) { return doctest::Approx(value).epsilon(1e-6); };
  const auto fitted = [&](knn_predictor predictor) {
    Model model{{.predictor = predictor, .min_k = 1000, .clip = false}};
    model.fit(data);
    return model;
  };
  const auto mean_of = [](const rating_list& list) {
    double sum = 0;
    for (const float value : list.values()) sum += static_cast<double>(value);
    return sum / static_cast<double>(list.size());
  };
  baseline_model baseline;
  baseline.fit(data);
  for (const index unknown : {unknown_index, first, index{24}, last}) {
    CHECK(fitted(knn_predictor::plain).predict(3, unknown) == about(data.mean()));
    CHECK(fitted(knn_predictor::plain).predict(unknown, 4) == about(data.mean()));
    const bool users = Model::side == axis::users;
    for (const auto predictor : {knn_predictor::mean_centered, knn_predictor::z_score}) {
      const Model model = fitted(predictor);
      CHECK(model.predict(3, unknown) == about(users ? mean_of(data.by_user(3)) : data.mean()));
      CHECK(model.predict(unknown, 4) == about(users ? data.mean() : mean_of(data.by_item(4))));
      CHECK(model.predict(3, 4) == about(mean_of(users ? data.by_user(3) : data.by_item(4))));
    }
    const Model model = fitted(knn_predictor::baseline);
    CHECK(model.predict(3, unknown) ==
          about(baseline.mean() + static_cast<double>(baseline.user_biases()[3])));
    CHECK(model.predict(unknown, unknown) == about(data.mean()));
    std::vector<scored_item> best(3);
    if constexpr (Model::side == axis::users)
      CHECK(model.similar_users(unknown, best).empty());
    else
      CHECK(model.similar_items(unknown, best).empty());
  }
}

TEST_CASE_TEMPLATE("knn holds predictions to the range of the ratings if asked", Model, user_knn,
                   item_knn) {
  const dataset data = small_data();
  Model free{{.similarity = {.measure = similarity::cosine}, .clip = false}};
  Model clipped{{.similarity = {.measure = similarity::cosine}}};
  free.fit(data);
  clipped.fit(data);
  int held = 0;
  for (index u = 0; u < data.num_users(); ++u)
    for (index i = 0; i < data.num_items(); ++i) {
      const float p = free.predict(u, i);
      CHECK(clipped.predict(u, i) == std::clamp(p, data.min_value(), data.max_value()));
      held += p < data.min_value() || p > data.max_value() ? 1 : 0;
    }
  CHECK(held > 0);
}

TEST_CASE_TEMPLATE("knn has the same bits on any number of threads and on every host backend",
                   Model, user_knn, item_knn) {
  const dataset data = test::random_dataset(3000, 130, 90, 4);
  const auto fit_on = [&](const auto& backend) {
    Model model{{.similarity = {.measure = similarity::baseline_pearson, .shrinkage = 10},
                 .predictor = knn_predictor::baseline,
                 .neighbors = 15}};
    model.fit(data, {}, backend);
    return model;
  };
  const Model reference = fit_on(backend::serial{});
  for (const int threads : {1, 2, 8})
    CHECK(answers_of(test::on_threads(threads, [&] { return fit_on(backend::tbb{}); })) ==
          answers_of(reference));
}

TEST_CASE_TEMPLATE("knn reports its one epoch", Model, user_knn, item_knn) {
  const dataset data = small_data();
  const dataset validation = test::random_dataset(100, 23, 26, 5);  // some it does not know
  Model model{{.predictor = knn_predictor::baseline, .min_k = 3}};
  int seen = 0;
  const fit_history history =
      model.fit(data, {.validation = validation, .observer = [&](const epoch_report&) {
                         ++seen;
                         return training::proceed;
                       }});
  REQUIRE(history.epochs.size() == 1);
  CHECK(seen == 1);
  CHECK(history.epochs[0].validation_rmse ==
        doctest::Approx(evaluate_ratings(model, validation).rmse).epsilon(1e-6));
  baseline_model baseline({.clip = false});
  baseline.fit(data);
  CHECK(history.epochs[0].train_rmse ==
        doctest::Approx(evaluate_ratings(baseline, data).rmse).epsilon(1e-6));
}

TEST_CASE_TEMPLATE("a fit of knn that throws leaves the model as it was", Model, user_knn,
                   item_knn) {
  Model model{{.similarity = {.measure = similarity::tf_idf}}};
  CHECK_THROWS_AS(model.update(small_data()), not_fitted_error);
  model.fit(small_data());
  const auto before = answers_of(model);
  std::stop_source stop;
  stop.request_stop();
  const dataset other = test::random_dataset(100, 10, 10, 6);
  const std::vector<index> zero = {0};
  const std::vector<float> negative = {-1};
  const dataset odd =
      make_dataset(test::numbered_ids(1), test::numbered_ids(1), zero, zero, negative);
  for (const bool update : {false, true}) {
    const auto learn = [&](const dataset& data, const fit_options& how) {
      update ? model.update(data, how) : model.fit(data, how);
    };
    CHECK_THROWS_AS(learn(other, {.stop = stop.get_token()}), cancelled);
    CHECK_THROWS_AS(learn(dataset(), {}), data_error);
    CHECK_THROWS_AS(learn(odd, {}), data_error);
    CHECK_THROWS_AS(learn(other, {.early_stopping = early_stopping_options{}}), option_error);
    CHECK(answers_of(model) == before);
  }
}

TEST_CASE("knn refuses options out of range") {
  CHECK_THROWS_AS(item_knn({.k = -1}), option_error);
  CHECK_THROWS_AS(item_knn({.k = 513}), option_error);
  CHECK_THROWS_AS(item_knn({.min_k = 0}), option_error);
  CHECK_THROWS_AS(item_knn({.neighbors = -1}), option_error);
  CHECK_THROWS_AS(item_knn({.predictor = static_cast<knn_predictor>(4)}), option_error);
  CHECK_THROWS_AS(item_knn({.similarity = {.shrinkage = -1}}), option_error);
  CHECK_THROWS_AS(item_knn({.baseline = {.user_regularization = -1}}), option_error);
}

TEST_CASE_TEMPLATE("knn answers odd data with numbers", Model, user_knn, item_knn) {
  // User 0 has one rating; the ratings of user 1 and of item 0 are all the same; item 3 is rated by
  // user 2 alone; user 4 and item 4 have no ratings.
  const std::vector<index> users = {0, 1, 1, 1, 2, 2, 2, 3, 3};
  const std::vector<index> items = {0, 0, 1, 2, 0, 2, 3, 0, 1};
  const std::vector<float> values = {3, 3, 3, 3, 3, 5, 1, 3, 4};
  const dataset odd =
      make_dataset(test::numbered_ids(5), test::numbered_ids(5), users, items, values);
  std::vector<float> same(values.size(), 0.1F);
  const dataset flat =
      make_dataset(test::numbered_ids(5), test::numbered_ids(5), users, items, same);
  for (const dataset& data : {odd, flat})
    for (const similarity_options& alike : test::all_similarities())
      for (const auto predictor : predictors) {
        Model model{{.similarity = alike, .predictor = predictor, .k = 0}};
        model.fit(data);
        for (const float answer : answers_of(model)) CHECK(std::isfinite(answer));
      }
  Model unfitted;
  CHECK(unfitted.predict(0, 0) == 0);
  CHECK(unfitted.num_items() == 0);
  CHECK(unfitted.explain(0, 0).parts.empty());
}

TEST_CASE_TEMPLATE("knn comes back from its file", Model, user_knn, item_knn) {
  const temporary_folder folder;
  const std::string path = folder.path("knn.safetensors");
  for (const bool weights : {false, true})
    for (const auto predictor : predictors) {
      Model model{{.similarity = {.measure = similarity::tversky,
                                  .norms = similarity_norms::common,
                                  .shrinkage = 1.0 / 3,
                                  .significance = 2,
                                  .min_support = 2,
                                  .min_similarity = 0.01,
                                  .negative = true,
                                  .alpha = 0.1,
                                  .beta = 0.7,
                                  .k1 = 2,
                                  .b = 0.3},
                   .predictor = predictor,
                   .k = 7,
                   .min_k = 2,
                   .neighbors = 11,
                   .baseline = {.epochs = 3, .seed = 9},
                   .clip = false}};
      CHECK_THROWS_AS(save(model, path), not_fitted_error);
      const dataset data = small_data(weights);
      model.fit(data);
      save(model, path);
      auto loaded = load_model<Model>(path);
      CHECK(loaded.options() == model.options());
      CHECK(answers_of(loaded) == answers_of(model));
      CHECK(loaded.explain(3, 4) == model.explain(3, 4));
      loaded.update(data);
      CHECK(answers_of(loaded) == answers_of(model));
    }
}

TEST_CASE("user and item knn have the accuracy of Surprise on u1 of MovieLens 100K") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA does not name the folder of the data sets");
    return;
  }
  const dataset train = test::ml_100k(*folder, "u1.base");
  const dataset test = test::ml_100k(*folder, "u1.test");
  // Its version 1.1.4, with the defaults but for the measure; without the centred predictors for
  // users, whose answer for an item that nobody rated is another.
  struct published {
    knn_predictor predictor;
    similarity_options alike;
    double of_users;
    double of_items;
  };
  const similarity_options difference{.measure = similarity::mean_squared_difference};
  const similarity_options baseline{
      .measure = similarity::baseline_pearson, .norms = similarity_norms::common, .shrinkage = 100};
  for (const published& p : {published{knn_predictor::plain, difference, 0.98886, 0.99743},
                             published{knn_predictor::baseline, difference, 0.94180, 0.94922},
                             published{knn_predictor::plain, baseline, 1.00976, 1.01832},
                             published{knn_predictor::baseline, baseline, 0.93347, 0.93589}}) {
    const knn_options options{.similarity = p.alike,
                              .predictor = p.predictor,
                              .neighbors = 0,
                              .baseline = {.user_regularization = 15, .item_regularization = 10}};
    user_knn users(options);
    users.fit(train);
    CHECK(std::abs(evaluate_ratings(users, test).rmse - p.of_users) < 2e-5);
    item_knn items(options);
    items.fit(train);
    CHECK(std::abs(evaluate_ratings(items, test).rmse - p.of_items) < 2e-5);
  }
}

}  // namespace kindred::knn_model_test
