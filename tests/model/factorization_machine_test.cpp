#include <kindred/data/calendar.hpp>
#include <kindred/data/feature_columns.hpp>
#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ratings.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/model/factorization_machine.hpp>
#include <kindred/nn/sample.hpp>
#include <kindred/serve/recommender.hpp>
#include <kindred/source/movielens.hpp>

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "../io/support.hpp"
#include "../ml_100k.hpp"
#include "item_model_checks.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::factorization_machine_test {

static_assert(rating_model<factorization_machine>);
static_assert(ranking_model<factorization_machine>);
static_assert(latent_model<factorization_machine>);

namespace {

constexpr index users = 23;
constexpr index items = 17;

/// Features of every kind, with gaps.
feature_table table_of(index rows) {
  std::vector<std::string> colours;
  std::vector<std::vector<std::string>> tags;
  aligned_vector<float> ages;
  for (index r = 0; r < rows; ++r) {
    colours.push_back(r % 7 == 0 ? "" : std::string(1, static_cast<char>('a' + r % 3)));
    ages.push_back(r % 5 == 4 ? std::nanf("") : static_cast<float>(r * r % 11));
    tags.emplace_back();
    for (index tag = 0; tag < 4; ++tag)
      if ((r >> tag) % 2 == 1) tags.back().push_back("tag" + std::to_string(tag));
  }
  feature_table table(rows);
  table.add("colour", categorical_column(colours));
  table.add("age", numeric_column(std::move(ages)));
  table.add("tags", multi_hot_column(tags));
  return table;
}

feature_set all_features() {
  return {.users = {table_of(users)},
          .items = {table_of(items)},
          .context = {{"parity", rating_context(2, [](std::int64_t time) { return time % 2; })},
                      {"third", rating_context(3, [](std::int64_t time) { return time % 3; })}}};
}

/// With times and weights.
dataset few_ratings() { return test::random_dataset(150, users, items, 5); }

factorization_machine_options with_features(fm_solver solver, int epochs) {
  return {.factors = 3,
          .solver = solver,
          .als = {.epochs = epochs, .frequency_exponent = 0.4},
          .sgd = {.epochs = epochs},
          .clip = false,
          .features = all_features()};
}

/// The vectors of the fields of a sample, one a column, below their weights.
Eigen::MatrixXd fields_of(const factorization_machine& model, const nn::sample& of) {
  const auto& features = model.features();
  const auto factors = static_cast<Eigen::Index>(model.options().factors);
  const auto fields = features.user_fields().size() + features.item_fields().size() +
                      features.context_fields().size();
  Eigen::MatrixXd all = Eigen::MatrixXd::Zero(1 + factors, static_cast<Eigen::Index>(fields));
  nn::for_each_field(features, of, [&](std::size_t field, const encoded_entries& entries) {
    for (std::size_t e = 0; e < entries.size(); ++e) {
      const auto slot = static_cast<std::size_t>(entries.slots[e]);
      const auto column = static_cast<Eigen::Index>(field);
      const double x = static_cast<double>(entries.values[e]);
      all(0, column) += x * static_cast<double>(model.weights()[slot]);
      for (Eigen::Index k = 0; k < factors; ++k)
        all(1 + k, column) +=
            x * static_cast<double>(model.vectors()[slot * static_cast<std::size_t>(factors) +
                                                    static_cast<std::size_t>(k)]);
    }
  });
  return all;
}

/// The equation of the machine, pair by pair.
double reference(const factorization_machine& model, const nn::sample& of) {
  const Eigen::MatrixXd fields = fields_of(model, of);
  const Eigen::MatrixXd vectors = fields.bottomRows(fields.rows() - 1);
  double sum = model.bias() + fields.row(0).sum();
  for (Eigen::Index f = 0; f < vectors.cols(); ++f)
    for (Eigen::Index g = f + 1; g < vectors.cols(); ++g) sum += vectors.col(f).dot(vectors.col(g));
  return sum;
}

/// The slots of the contexts of each rating.
aligned_vector<index> context_slots(const factorization_machine& model, const dataset& ratings) {
  return model.features().context_slots(model.options().features.context, ratings);
}

/// Calls `f(sample, value, weight)` for each rating.
template <class Function>
void for_each_rating(const factorization_machine& model, const dataset& ratings,
                     const Function& f) {
  const auto slots = context_slots(model, ratings);
  const std::size_t each = model.features().context_fields().size();
  std::size_t row = 0;
  for (const test::rating& r : test::ratings_of(ratings)) {
    f(nn::sample{.user = r.user,
                 .item = r.item,
                 .contexts = std::span<const index>(slots).subspan(row * each, each)},
      static_cast<double>(r.value), ratings.has_weights() ? static_cast<double>(r.weight) : 1.0);
    ++row;
  }
}

/// How often the ratings have each slot, by squares of values.
std::vector<double> squares_by_slot(const factorization_machine& model, const dataset& ratings) {
  std::vector<double> squares(model.weights().size(), 0.0);
  for_each_rating(model, ratings, [&](const nn::sample& of, double, double) {
    nn::for_each_field(model.features(), of, [&](std::size_t, const encoded_entries& entries) {
      for (std::size_t e = 0; e < entries.size(); ++e)
        squares[static_cast<std::size_t>(entries.slots[e])] +=
            static_cast<double>(entries.values[e] * entries.values[e]);
    });
  });
  return squares;
}

bool is_id(const feature_encoder& features, std::size_t slot) {
  const auto in = [&](const feature_field& field) {
    return slot >= static_cast<std::size_t>(field.first_slot) &&
           slot < static_cast<std::size_t>(field.end_slot());
  };
  return (features.has_user_ids() && in(features.user_fields()[0])) ||
         (features.has_item_ids() && in(features.item_fields()[0]));
}

/// Half the derivatives of the penalty by weights, and by factors, are these times the parameters.
struct penalties {
  std::vector<double> weights;
  std::vector<double> factors;
};
penalties penalties_of(const factorization_machine& model, const dataset& ratings) {
  const fm_als_options& o = model.options().als;
  std::vector<double> scales = squares_by_slot(model, ratings);
  penalties all;
  for (std::size_t slot = 0; slot < scales.size(); ++slot) {
    const double scale = std::pow(scales[slot], o.frequency_exponent) *
                         (is_id(model.features(), slot) ? 1 : o.feature_regularization);
    all.weights.push_back(o.weight_regularization * scale);
    all.factors.push_back(o.factor_regularization * scale);
  }
  return all;
}

/// What als makes small.
double objective(const factorization_machine& model, const dataset& ratings) {
  double sum = 0;
  for_each_rating(model, ratings, [&](const nn::sample& of, double value, double weight) {
    const double error = value - reference(model, of);
    sum += weight * error * error;
  });
  const penalties all = penalties_of(model, ratings);
  const auto factors = static_cast<std::size_t>(model.options().factors);
  for (std::size_t slot = 0; slot < all.weights.size(); ++slot) {
    const auto square = [](float x) { return static_cast<double>(x) * static_cast<double>(x); };
    sum += all.weights[slot] * square(model.weights()[slot]);
    for (std::size_t k = 0; k < factors; ++k)
      sum += all.factors[slot] * square(model.vectors()[slot * factors + k]);
  }
  const double w0 = model.bias() - ratings.mean();
  return sum + model.options().als.bias_regularization * w0 * w0;
}

/// Half the derivative of the objective by the last factor of a slot of the last field, relative to
/// the size of its terms.
double last_derivative(const factorization_machine& model, const dataset& ratings, index slot) {
  double slope = 0;
  double size = 1e-30;
  for_each_rating(model, ratings, [&](const nn::sample& of, double value, double weight) {
    double x = 0;
    nn::for_each_field(model.features(), of, [&](std::size_t, const encoded_entries& entries) {
      for (std::size_t e = 0; e < entries.size(); ++e)
        if (entries.slots[e] == slot) x = static_cast<double>(entries.values[e]);
    });
    const Eigen::MatrixXd fields = fields_of(model, of);
    const double others = fields.bottomRows(1).leftCols(fields.cols() - 1).sum();
    const double term = weight * x * others * (value - reference(model, of));
    slope += term;
    size += std::abs(term);
  });
  const auto factors = static_cast<std::size_t>(model.options().factors);
  const auto s = static_cast<std::size_t>(slot);
  return (slope - penalties_of(model, ratings).factors[s] *
                      static_cast<double>(model.vectors()[(s + 1) * factors - 1])) /
         size;
}

}  // namespace

TEST_CASE("factorization_machine answers by its equation, from either solver") {
  const dataset train = few_ratings();
  for (const auto& [solver, factors] : {std::pair(fm_solver::als, 3),
                                        {fm_solver::als, 0},
                                        {fm_solver::sgd, 3},
                                        {fm_solver::sgd, 0}}) {
    factorization_machine_options options = with_features(solver, 4);
    options.factors = factors;
    factorization_machine model{options};
    model.fit(train);
    double worst = 0;
    const std::vector<int> contexts = {1, 2};
    const std::vector<index> slots = {model.features().context_slot(0, 1),
                                      model.features().context_slot(1, 2)};
    for (index user = -1; user <= users; ++user) {
      std::vector<float> scores(items);
      model.score(user, scores);
      for (index item = -1; item <= items; ++item) {
        const double plain = reference(model, {.user = user, .item = item});
        const double in_context = reference(model, {.user = user, .item = item, .contexts = slots});
        const auto see = [&](float found, double expected) {
          worst = std::max(worst, std::abs(static_cast<double>(found) - expected));
        };
        see(model.predict(user, item), plain);
        see(model.predict(user, item, contexts), in_context);
        see(model.predict(user, item, std::vector<int>{1}),
            reference(model, {.user = user, .item = item, .contexts = {slots.data(), 1}}));
        if (item < 0 || item >= items) continue;
        const double first = reference(model, {.user = user, .item = 0});
        see(scores[static_cast<std::size_t>(item)] - scores[0], plain - first);
      }
    }
    CHECK(worst < 2e-5);
    CHECK(model.predict(0, 0, std::vector<int>{7, -1}) == model.predict(0, 0));
    // Of the unknown, nothing is known but the mean.
    CHECK(model.predict(-1, items) == doctest::Approx(model.bias()).epsilon(1e-6));
  }
}

TEST_CASE("factorization_machine: als never raises what it makes small") {
  const dataset train = few_ratings();
  double before = std::numeric_limits<double>::infinity();
  for (int epochs = 0; epochs <= 8; ++epochs) {
    factorization_machine model{with_features(fm_solver::als, epochs)};
    model.fit(train);
    const double now = objective(model, train);
    CHECK(now < before * (1 + 1e-6));
    before = now;
  }
}

TEST_CASE("factorization_machine: als ends a step where the derivative is 0") {
  const dataset train = few_ratings();
  // An epoch ends with the last factor of the slots of the last field. These do not touch each
  // other but in a bag, where the last one counts.
  for (const std::string column : {"", "colour", "age", "tags"}) {
    CAPTURE(column);
    factorization_machine_options options = with_features(fm_solver::als, 2);
    if (!column.empty())
      options.features = {.users = {table_of(users)}, .items = {table_of(items), {{column}}}};
    factorization_machine model{options};
    model.fit(train);
    const feature_field field = column.empty() ? model.features().context_fields().back()
                                               : model.features().item_fields().back();
    const index first = column == "tags" ? field.end_slot() - 1 : field.first_slot;
    for (index slot = first; slot < field.end_slot(); ++slot)
      CHECK(std::abs(last_derivative(model, train, slot)) < 2e-5);
  }
}

TEST_CASE("factorization_machine without factors is ridge regression") {
  const dataset train = few_ratings();
  for (const bool penalised : {true, false}) {
    factorization_machine_options options = with_features(fm_solver::als, 300);
    options.factors = 0;
    options.als.bias_regularization = penalised ? 2 : 0;
    factorization_machine model{options};
    model.fit(train);
    const auto size = static_cast<Eigen::Index>(model.weights().size());
    Eigen::MatrixXd system = Eigen::MatrixXd::Zero(size + 1, size + 1);
    Eigen::VectorXd right = Eigen::VectorXd::Zero(size + 1);
    for_each_rating(model, train, [&](const nn::sample& of, double value, double weight) {
      Eigen::VectorXd x = Eigen::VectorXd::Zero(size + 1);
      x[size] = 1;
      nn::for_each_field(model.features(), of, [&](std::size_t, const encoded_entries& entries) {
        for (std::size_t e = 0; e < entries.size(); ++e)
          x[entries.slots[e]] = static_cast<double>(entries.values[e]);
      });
      system += weight * x * x.transpose();
      right += weight * (value - train.mean()) * x;
    });
    const auto penalty = penalties_of(model, train).weights;
    for (Eigen::Index slot = 0; slot < size; ++slot)
      system(slot, slot) += std::max(penalty[static_cast<std::size_t>(slot)], 1e-9);
    system(size, size) += options.als.bias_regularization;
    const Eigen::VectorXd exact = system.llt().solve(right);
    double worst = std::abs(exact[size] + train.mean() - model.bias());
    for (Eigen::Index slot = 0; slot < size; ++slot)
      worst = std::max(
          worst, std::abs(exact[slot] -
                          static_cast<double>(model.weights()[static_cast<std::size_t>(slot)])));
    CHECK(worst < 1e-4);
  }
}

TEST_CASE("factorization_machine finds the machine that made the ratings") {
  const dataset pairs = test::plain_dataset(4000, 60, 40, 3);
  const feature_set features = {.users = {table_of(60)}, .items = {table_of(40)}};
  factorization_machine truth{{.factors = 2,
                               .als = {.epochs = 0, .init_scale = 0.7, .seed = 9},
                               .clip = false,
                               .features = features}};
  truth.fit(pairs);
  rating_columns columns;
  for (const test::rating& r : test::ratings_of(pairs)) {
    columns.users.push_back(r.user);
    columns.items.push_back(r.item);
    columns.values.push_back(truth.predict(r.user, r.item));
  }
  const dataset made =
      make_dataset(test::numbered_ids(60), test::numbered_ids(40), std::move(columns));
  const auto [train, test] = split_random(made, {.test_fraction = 0.2, .seed = 1});
  factorization_machine mean{{.factors = 0, .als = {.epochs = 0}, .features = features}};
  mean.fit(train);
  const double spread = evaluate_ratings(mean, test).rmse;
  REQUIRE(spread > 1);
  factorization_machine als{
      {.factors = 3,
       .als = {.epochs = 150, .weight_regularization = 1e-3, .factor_regularization = 1e-3},
       .features = features}};
  als.fit(train);
  CHECK(evaluate_ratings(als, test).rmse < 0.02 * spread);
  factorization_machine sgd{{.factors = 3,
                             .solver = fm_solver::sgd,
                             .sgd = {.epochs = 150, .optimizer = nn::adam{.learning_rate = 0.01}},
                             .features = features}};
  sgd.fit(train);
  CHECK(evaluate_ratings(sgd, test).rmse < 0.1 * spread);
}

TEST_CASE("factorization_machine knows cold items, and cold users, by their features") {
  // Users like the colour that they wear; items 12 to 16 and users 20 to 22 have no ratings.
  rating_columns columns;
  for (index user = 0; user < 20; ++user)
    for (index item = 0; item < 12; ++item) {
      if ((user * 5 + item) % 4 == 0) continue;
      columns.users.push_back(user);
      columns.items.push_back(item);
      columns.values.push_back(user % 3 == item % 3 ? 5.0F : 1.0F);
    }
  const dataset train =
      make_dataset(test::numbered_ids(users), test::numbered_ids(items), std::move(columns));
  const auto colours = [](index rows) {
    std::vector<std::string> names;
    for (index r = 0; r < rows; ++r)
      names.push_back(std::string(1, static_cast<char>('a' + r % 3)));
    feature_table table(rows);
    table.add("colour", categorical_column(names));
    return table;
  };
  for (const fm_solver solver : {fm_solver::als, fm_solver::sgd}) {
    factorization_machine model{
        {.factors = 4,
         .solver = solver,
         .als = {.factor_regularization = 10, .feature_regularization = 0.01},
         .sgd = {.epochs = 200, .hidden_ids = 0.5},
         .features = {.users = {colours(users)}, .items = {colours(items)}}}};
    model.fit(train);
    for (index user = 0; user < users; ++user)
      for (index item = 0; item < items; ++item)
        if (user >= 20 || item >= 12)
          CHECK((static_cast<double>(model.predict(user, item)) > model.bias()) ==
                (user % 3 == item % 3));
    // The same of those who come later.
    std::vector<float> later(items);
    model.predict_new_items(4, model.features().encode_items(colours(items)), later);
    for (index item = 12; item < items; ++item)
      CHECK(later[static_cast<std::size_t>(item)] == model.predict(4, item));
    std::vector<float> scores(items);
    std::vector<float> scores_of_new(items);
    model.score(21, scores);
    model.score_new_user(model.features().encode_users(colours(30)), 21, scores_of_new);
    CHECK(scores == scores_of_new);
    CHECK_THROWS_AS(model.predict_new_items(0, model.features().users(), later), data_error);
    CHECK_THROWS_AS(model.predict_new_items(0, model.features().items(), {}), data_error);
    CHECK_THROWS_AS(model.score_new_user(encoded_rows(), 0, scores), data_error);
  }
}

TEST_CASE("factorization_machine: reports and early stopping") {
  const dataset train = few_ratings();
  const dataset validation = test::random_dataset(90, users, items, 6);
  for (const fm_solver solver : {fm_solver::als, fm_solver::sgd}) {
    factorization_machine_options options = with_features(solver, 40);
    options.als.weight_regularization = 0;
    options.als.factor_regularization = 0.01;
    options.sgd.optimizer = nn::adam{.learning_rate = 0.05};
    factorization_machine model{options};
    const fit_history history = model.fit(
        train, {.validation = validation, .early_stopping = early_stopping_options{.patience = 2}});
    CHECK(history.reason == stop_reason::early_stopping);
    const auto rmse_of = [&](const dataset& ratings) {
      double squared = 0;
      for_each_rating(model, ratings, [&](const nn::sample& of, double value, double) {
        squared += std::pow(value - reference(model, of), 2);
      });
      return std::sqrt(squared / static_cast<double>(ratings.size()));
    };
    const epoch_report& best = history.epochs[static_cast<std::size_t>(history.best_epoch) - 1];
    CHECK(best.validation_rmse == doctest::Approx(rmse_of(validation)).epsilon(1e-5));
    if (solver == fm_solver::als)
      CHECK(best.train_rmse == doctest::Approx(rmse_of(train)).epsilon(1e-5));
  }
}

TEST_CASE("factorization_machine has a probability by cross-entropy") {
  rating_columns columns;
  for (index user = 0; user < users; ++user)
    for (index item = 0; item < items; ++item) {
      columns.users.push_back(user);
      columns.items.push_back(item);
      columns.values.push_back((user + item) % 2 == 0 ? 1.0F : 0.0F);
    }
  const dataset train =
      make_dataset(test::numbered_ids(users), test::numbered_ids(items), std::move(columns));
  factorization_machine model{{.factors = 4,
                               .solver = fm_solver::sgd,
                               .sgd = {.epochs = 100},
                               .loss = nn::cross_entropy{}}};
  model.fit(train);
  for (index user = 0; user < users; ++user)
    for (index item = 0; item < items; ++item) {
      const float p = model.predict(user, item);
      CHECK(p > 0);
      CHECK(p < 1);
      CHECK((p > 0.5F) == ((user + item) % 2 == 0));
    }
  CHECK_THROWS_AS(model.fit(few_ratings()), data_error);
  CHECK_THROWS_AS(factorization_machine({.loss = nn::cross_entropy{}}), option_error);
}

TEST_CASE("factorization_machine learns likes from what is there and what is not") {
  rating_columns columns;
  for (index user = 0; user < users; ++user)
    for (index item = 0; item < items; ++item) {
      if ((user + item) % 2 == 0) continue;
      columns.users.push_back(user);
      columns.items.push_back(item);
      columns.values.push_back(1);
    }
  const dataset train =
      make_dataset(test::numbered_ids(users), test::numbered_ids(items), std::move(columns));
  factorization_machine model{{.factors = 4,
                               .solver = fm_solver::sgd,
                               .sgd = {.epochs = 60, .optimizer = nn::adam{.learning_rate = 0.02}},
                               .loss = nn::cross_entropy{},
                               .negatives = 2}};
  model.fit(train);
  for (index user = 0; user < users; ++user)
    for (index item = 0; item < items; ++item)
      CHECK((model.predict(user, item) > 0.5F) == ((user + item) % 2 != 0));
  CHECK_THROWS_AS(factorization_machine({.negatives = 1}), option_error);
  CHECK_THROWS_AS(factorization_machine({.solver = fm_solver::sgd, .negatives = -1}), option_error);
}

TEST_CASE("factorization_machine answers with numbers whatever the data") {
  for (const dataset& train : test::odd_datasets())
    for (const double penalty : {0.0, 1.0}) {
      factorization_machine model{
          {.factors = 3,
           .als = {.weight_regularization = penalty, .factor_regularization = penalty}}};
      model.fit(train);
      CHECK(test::all_finite(model));
    }
  const dataset train = few_ratings();
  factorization_machine blind{
      {.features = {.users = {table_of(users)}, .user_ids = false, .item_ids = false}}};
  blind.fit(train);
  CHECK(test::all_finite(blind));
  factorization_machine empty{{.features = {.user_ids = false, .item_ids = false}}};
  empty.fit(train);
  CHECK(empty.predict(0, 0) == doctest::Approx(empty.bias()));
}

TEST_CASE("factorization_machine keeps to what all models keep to") {
  for (const fm_solver solver : {fm_solver::als, fm_solver::sgd}) {
    factorization_machine_options options = with_features(solver, 3);
    options.features.users = {table_of(97)};
    options.features.items = {table_of(43)};
    test::check_same_bits_everywhere(factorization_machine{options},
                                     test::random_dataset(9000, 97, 43, 1));
    factorization_machine_options ids;
    ids.solver = solver;
    ids.sgd.epochs = 2;
    test::check_same_bits_everywhere(factorization_machine{ids},
                                     test::plain_dataset(2000, 97, 300, 1));
    test::check_failed_fits(factorization_machine{ids});
  }
  CHECK_THROWS_AS(factorization_machine({.factors = -1}), option_error);
  CHECK_THROWS_AS(factorization_machine({.factors = 1025}), option_error);
  CHECK_THROWS_AS(factorization_machine({.solver = static_cast<fm_solver>(3)}), option_error);
  CHECK_THROWS_AS(factorization_machine({.als = {.epochs = -1}}), option_error);
  CHECK_THROWS_AS(factorization_machine({.sgd = {.epochs = -1}}), option_error);
  CHECK_THROWS_AS(factorization_machine({.als = {.frequency_exponent = 1.5}}), option_error);
  CHECK_THROWS_AS(factorization_machine({.features = {.users = {feature_table(), {{"age"}}}}}),
                  data_error);
  for (const double bad : {-1.0, 1e10, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(factorization_machine({.als = {.bias_regularization = bad}}), option_error);
    CHECK_THROWS_AS(factorization_machine({.als = {.weight_regularization = bad}}), option_error);
    CHECK_THROWS_AS(factorization_machine({.als = {.factor_regularization = bad}}), option_error);
    CHECK_THROWS_AS(factorization_machine({.als = {.feature_regularization = bad}}), option_error);
    CHECK_THROWS_AS(factorization_machine({.als = {.init_scale = bad}}), option_error);
  }
}

TEST_CASE("factorization_machine: a fit that diverges says so") {
  const dataset train = few_ratings();
  factorization_machine model{{.solver = fm_solver::sgd,
                               .sgd = {.epochs = 200, .optimizer = nn::sgd{.learning_rate = 1e3}}}};
  CHECK_THROWS_AS(model.fit(train), divergence_error);
  CHECK(!model.fitted());
  CHECK(model.predict(0, 0) == 0);
}

TEST_CASE("factorization_machine comes back from its file") {
  const temporary_folder folder;
  const std::string path = folder.path("model");
  CHECK_THROWS_AS(save(factorization_machine(), path), not_fitted_error);
  for (const fm_solver solver : {fm_solver::als, fm_solver::sgd})
    for (const bool clip : {true, false}) {
      factorization_machine_options options = with_features(solver, 2);
      options.clip = clip;
      factorization_machine model{options};
      model.fit(few_ratings());
      save(model, path);
      auto loaded = load_model<factorization_machine>(path);
      CHECK(test::answers_of(loaded) == test::answers_of(model));
      CHECK(loaded.predict(1, 2, std::vector<int>{1, 2}) ==
            model.predict(1, 2, std::vector<int>{1, 2}));
      CHECK(option_texts::of(loaded.options()) == option_texts::of(model.options()));
      CHECK_THROWS_AS(loaded.fit(few_ratings()), data_error);
      for (const auto& [right, wrong] :
           {std::pair("\"num_items\":\"17\"", "\"num_items\":\"18\""),
            {"\"num_users\":\"23\"", "\"num_users\":\"-1\""},
            {"\"factors\":\"3\"", "\"factors\":\"4\""},
            {"\"loss\":\"squared_error\"", "\"loss\":\"cubed_errors_\""}}) {
        std::string bytes = test::read_file(path);
        REQUIRE(bytes.find(right) != std::string::npos);
        bytes.replace(bytes.find(right), std::string(right).size(), wrong);
        CHECK_THROWS_AS((void)load_model<factorization_machine>(folder.write("odd", bytes),
                                                                {.verify_checksum = false}),
                        format_error);
      }
    }
  factorization_machine ids{{.als = {.epochs = 1}}};
  ids.fit(few_ratings());
  save(ids, path);
  CHECK_NOTHROW(load_model<factorization_machine>(path).fit(few_ratings()));
}

TEST_CASE("factorization_machine serves") {
  const dataset train = few_ratings();
  factorization_machine model{with_features(fm_solver::als, 3)};
  model.fit(train);
  const recommender serving{model, train};
  const auto best = serving.recommend("u1", 3);
  CHECK(best.size() == 3);
  CHECK(serving.similar_items("i1", 2).size() == 2);
  CHECK(serving.similar_users("u1", 2).size() == 2);
  CHECK(serving.predict("u1", "i1").rating == model.predict(1, 1));
}

TEST_CASE("factorization_machine on MovieLens 100K") {
  const auto folder = test::data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA is not set");
    return;
  }
  const auto fold = movielens::load_fold(*folder + "/ml-100k", "u1");
  const auto data = movielens::load(*folder + "/ml-100k");
  factorization_machine model{
      {.factors = 8,
       .als = {.epochs = 10},
       .features = {.users = {data.users}, .items = {data.items, {{"year"}, {"genres"}}}}}};
  model.fit(fold.train);
  CHECK(evaluate_ratings(model, fold.test).rmse < 0.915);
}

}  // namespace kindred::factorization_machine_test
