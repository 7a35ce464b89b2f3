#include <kindred/data/split.hpp>
#include <kindred/evaluate/evaluate_ranking.hpp>
#include <kindred/io/load_recommender.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/two_tower.hpp>
#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "item_model_checks.hpp"

// Inside the namespace, since POSIX has a global function called index.
namespace kindred::two_tower_test {

static_assert(ranking_model<two_tower>);
static_assert(latent_model<two_tower>);
static_assert(!rating_model<two_tower>);

namespace {

constexpr index groups = 4;

/// Users and items of four groups; of five ratings a user gives four to the own group. Items from
/// `cold` on are not rated.
dataset grouped_ratings(index users, index items, std::size_t each, std::uint64_t seed,
                        index cold) {
  const counter_rng random(seed);
  rating_columns columns;
  std::uint64_t draw = 0;
  for (index u = 0; u < users; ++u)
    for (std::size_t k = 0; k < each; ++k) {
      auto item = static_cast<index>(random.below(draw++, static_cast<std::uint32_t>(cold)));
      if (random.uniform(draw++) < 0.8) item = item / groups * groups + u % groups;
      if (item >= cold) item -= groups;
      columns.users.push_back(u);
      columns.items.push_back(item);
      columns.values.push_back(1);
    }
  return make_dataset(test::numbered_ids(users), test::numbered_ids(items), std::move(columns));
}

/// The group of each, and a number that says nothing.
feature_table grouped_table(index rows) {
  std::vector<std::string> group;
  std::vector<float> number;
  for (index r = 0; r < rows; ++r) {
    group.push_back("group " + std::to_string(r % groups));
    number.push_back(static_cast<float>(r % 7));
  }
  feature_table table(rows);
  table.add("group", categorical_column(group));
  table.add("number", numeric_column({number.begin(), number.end()}));
  return table;
}

std::vector<nn::ranking_loss> all_losses() {
  return {nn::bpr{.negatives = 2},
          nn::sampled_softmax{.negatives = 20},
          nn::sampled_softmax{.negatives = 20, .popularity_power = 0.5, .log_q = false},
          nn::in_batch_softmax{},
          nn::in_batch_softmax{.temperature = 0.5, .log_q = false},
          nn::warp{.trials = 8}};
}

/// Those of a matrix in a model file.
shared_array<float> numbers_of(const tensor_reader& file, const std::string& name) {
  const auto shape = file.shape(name);
  return file.array<float>(name, {shape.at(0), shape.at(1)});
}

/// Everything at once.
two_tower_options full_options(nn::ranking_loss loss, index users, index items) {
  return {
      .dimensions = 6,
      .user_tower = {.hidden = {9}, .dropout = 0.1F},
      .item_tower = {.hidden = {7, 8}, .function = nn::activation::tanh},
      .outputs = 5,
      .unit_length = true,
      .loss = loss,
      .training = {.epochs = 2, .batch_size = 70, .hidden_ids = 0.2},
      .features = {
          .users = {grouped_table(users)},
          .items = {grouped_table(items)},
          .context = {{"late", rating_context(2, [](std::int64_t time) { return time > 500; })}}}};
}

}  // namespace

TEST_CASE("two towers find groups of users and items") {
  const dataset all = grouped_ratings(200, 120, 30, 1, 120);
  const auto parts = split_random(all, {.test_fraction = 0.2, .seed = 1});
  const auto ndcg_of = [&](auto model) {
    model.fit(parts.train);
    return evaluate_ranking(model, parts.train, parts.test, {.at = {10}}).cutoffs[0].ndcg;
  };
  const double popular = ndcg_of(popularity_model());
  for (const nn::ranking_loss& loss : all_losses())
    for (const bool deep : {false, true}) {
      two_tower_options options{
          .dimensions = 8, .loss = loss, .training = {.epochs = 6, .optimizer = nn::adam{0.02}}};
      if (deep) options.user_tower.hidden = options.item_tower.hidden = {16};
      CAPTURE(loss.index());
      CAPTURE(deep);
      CHECK(ndcg_of(two_tower(options)) > 2 * popular);
    }
}

TEST_CASE("two towers give the same bits on every backend and number of threads") {
  const dataset train = test::random_dataset(900, 61, 70, 1);
  for (const nn::ranking_loss& loss : all_losses())
    test::check_same_bits_everywhere(two_tower(full_options(loss, 61, 70)), train);
}

TEST_CASE("two towers can be saved and come back as they were") {
  const dataset train = test::random_dataset(900, 61, 70, 1);
  const temporary_folder folder;
  CHECK_THROWS_AS(save(two_tower(), folder.path("model")), not_fitted_error);
  for (const nn::ranking_loss& loss : all_losses()) {
    two_tower_options options = full_options(loss, 61, 70);
    options.min_rating = 1;
    two_tower model(options);
    model.fit(train);
    save(model, folder.path("model"));
    auto loaded = load_model<two_tower>(folder.path("model"));
    CHECK(option_texts::of(loaded.options()) == option_texts::of(model.options()));
    CHECK(test::answers_of(loaded) == test::answers_of(model));
    const encoded_rows rows = model.features().encode_items(grouped_table(9));
    CHECK(loaded.item_vectors(loaded.features().encode_items(grouped_table(9))) ==
          model.item_vectors(rows));
    CHECK_THROWS_AS(loaded.fit(train), data_error);  // its features are gone
  }
}

TEST_CASE("vectors of towers are what a pass by hand makes of the parameters") {
  const dataset train = test::random_dataset(900, 61, 70, 1);
  two_tower_options options = full_options(nn::in_batch_softmax{}, 61, 70);
  options.item_tower.hidden = {7};
  two_tower model(options);
  model.fit(train);
  const temporary_folder folder;
  save(model, folder.path("model"));
  const tensor_reader file(folder.path("model"));
  const auto table = numbers_of(file, "embeddings");
  const auto dense = [&](const std::string& name, const std::vector<double>& x) {
    const tensor_reader parameters = file.nested("parameters");
    const auto bias = numbers_of(parameters, name + ".bias");
    const auto weights = numbers_of(parameters, name + ".weights");
    std::vector<double> y(bias.begin(), bias.end());
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < y.size(); ++j)
        y[j] += x[i] * static_cast<double>(weights[i * y.size() + j]);
    return y;
  };
  const auto by_hand = [&](const std::string& side, const encoded_row& row, auto function) {
    std::vector<double> x(row.fields() * 6, 0.0);
    for (std::size_t f = 0; f < row.fields(); ++f)
      for (std::size_t e = 0; e < row[f].size(); ++e)
        for (std::size_t d = 0; d < 6; ++d)
          x[f * 6 + d] += static_cast<double>(
              row[f].values[e] * table[static_cast<std::size_t>(row[f].slots[e]) * 6 + d]);
    if (side == "users") x.resize(x.size() + 6);  // an unknown context
    x = dense(side + ".0", x);
    for (double& v : x) v = function(v);
    x = dense(side + ".output", x);
    const double length = std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
    for (double& v : x) v /= length;
    return x;
  };
  const latent_view<float> latent = model.latent();
  std::vector<float> scores(70);
  for (const index u : {0, 3, 60}) {
    const auto user =
        by_hand("users", model.features().users()[u], [](double v) { return std::max(v, 0.0); });
    model.score(u, scores);
    for (index i = 0; i < 70; ++i) {
      const auto item =
          by_hand("items", model.features().items()[i], [](double v) { return std::tanh(v); });
      const double expected = std::inner_product(user.begin(), user.end(), item.begin(), 0.0);
      CHECK(static_cast<double>(scores[static_cast<std::size_t>(i)]) ==
            doctest::Approx(expected).epsilon(1e-4).scale(1));
      for (std::size_t d = 0; d < 5; ++d)
        CHECK(static_cast<double>(latent.item(i)[d]) ==
              doctest::Approx(item[d]).epsilon(1e-4).scale(1));
    }
  }
}

TEST_CASE("vectors without layers are sums of embeddings") {
  const dataset train = grouped_ratings(40, 24, 10, 1, 24);
  two_tower model({.dimensions = 5, .features = {.items = {grouped_table(24)}}});
  model.fit(train);
  const temporary_folder folder;
  save(model, folder.path("model"));
  const tensor_reader file(folder.path("model"));
  const auto table = numbers_of(file, "embeddings");
  for (index i = 0; i < 24; ++i) {
    const encoded_entries entries = model.features().items()[i].all();
    for (std::size_t d = 0; d < 5; ++d) {
      double sum = 0;
      for (std::size_t e = 0; e < entries.size(); ++e)
        sum += static_cast<double>(entries.values[e]) *
               static_cast<double>(table[static_cast<std::size_t>(entries.slots[e]) * 5 + d]);
      CHECK(static_cast<double>(model.latent().item(i)[d]) == doctest::Approx(sum).epsilon(1e-4));
    }
  }
}

TEST_CASE("with log_q scores are log-probabilities, without they leave popularity out") {
  // Everyone chooses alike: item i as often as 1 / (1 + i).
  constexpr index users = 300;
  constexpr index items = 20;
  const counter_rng random(1);
  std::vector<index> user;
  std::vector<index> item;
  for (std::uint64_t u = 0; u < users; ++u)
    for (std::uint64_t i = 0; i < items; ++i)
      if (random.uniform(u * items + i) < 0.9 / (1.0 + static_cast<double>(i))) {
        user.push_back(static_cast<index>(u));
        item.push_back(static_cast<index>(i));
      }
  const std::vector<float> value(user.size(), 1);
  const dataset train =
      make_dataset(test::numbered_ids(users), test::numbered_ids(items), user, item, value);
  // The slope of the users' mean scores over the logarithm of popularity.
  const auto slope_of = [&](nn::ranking_loss loss) {
    two_tower model({.dimensions = 2,
                     .loss = loss,
                     .training = {.epochs = 40, .batch_size = 64, .optimizer = nn::adam{0.01}},
                     .features = {.users = {grouped_table(users)}, .user_ids = false}});
    model.fit(train);
    std::vector<double> x;
    std::vector<double> y(items, 0.0);
    for (index i = 0; i < items; ++i)
      x.push_back(std::log(static_cast<double>(train.by_item(i).size())));
    for (index u = 0; u < users; ++u)
      for (index i = 0; i < items; ++i)
        for (std::size_t d = 0; d < 2; ++d)
          y[static_cast<std::size_t>(i)] +=
              static_cast<double>(model.latent().user(u)[d] * model.latent().item(i)[d]) / users;
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / items;
    double xy = 0;
    double xx = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      xy += (x[i] - mean) * y[i];
      xx += (x[i] - mean) * (x[i] - mean);
    }
    return xy / xx;
  };
  const auto near = [](double expected) {
    return doctest::Approx(expected).epsilon(0.15).scale(1);
  };
  CHECK(slope_of(nn::in_batch_softmax{.log_q = true}) == near(1));
  CHECK(slope_of(nn::in_batch_softmax{.log_q = false}) == near(0));
  CHECK(slope_of(nn::sampled_softmax{.negatives = 10, .popularity_power = 1}) == near(1));
  CHECK(slope_of(nn::sampled_softmax{.negatives = 10, .popularity_power = 1, .log_q = false}) ==
        near(0));
  CHECK(slope_of(nn::sampled_softmax{.negatives = 10, .log_q = false}) == near(1));
}

TEST_CASE("vectors of unit length have it") {
  const dataset train = test::random_dataset(900, 61, 70, 1);
  for (const std::vector<int>& hidden : {std::vector<int>{}, std::vector<int>{6}}) {
    two_tower_options options{.dimensions = 6, .unit_length = true};
    options.user_tower.hidden = options.item_tower.hidden = hidden;
    two_tower model(options);
    model.fit(train);
    const latent_view<float> latent = model.latent();
    for (index i = 0; i < train.num_items(); ++i) {
      if (train.by_item(i).empty()) continue;
      const auto v = latent.item(i);
      CHECK(std::inner_product(v.begin(), v.end(), v.begin(), 0.0) == doctest::Approx(1));
    }
  }
}

TEST_CASE("items and users without ratings are known by their features") {
  constexpr index cold = 100;
  const dataset train = grouped_ratings(200, 120, 20, 1, cold);
  const std::vector<std::pair<nn::ranking_loss, bool>> kinds = {
      {nn::in_batch_softmax{}, false}, {nn::in_batch_softmax{}, true}, {nn::warp{}, false}};
  for (const auto& [loss, deep] : kinds) {
    two_tower_options options{
        .dimensions = 8,
        .loss = loss,
        .training = {.epochs = 8, .optimizer = nn::adam{0.02}, .hidden_ids = 0.3},
        .features = {.users = {grouped_table(200), {{"group"}}},
                     .items = {grouped_table(120), {{"group"}}}}};
    if (deep) options.user_tower.hidden = options.item_tower.hidden = {16};
    two_tower model(options);
    model.fit(train);
    std::vector<float> scores(120);
    int right = 0;
    int pairs = 0;
    for (index u = 0; u < 200; ++u) {
      model.score(u, scores);
      for (index i = cold; i < 120; ++i) {
        if (i % groups == u % groups) continue;
        const float own = scores[static_cast<std::size_t>(i / groups * groups + u % groups)];
        ++pairs;
        right += scores[static_cast<std::size_t>(i)] < own ? 1 : 0;
      }
    }
    CHECK(right > 0.95 * pairs);
    // Nothing but their features is known of them, so new rows with these have the same vectors.
    const auto vectors = model.item_vectors(model.features().encode_items(grouped_table(4)));
    REQUIRE(vectors.size() == 4 * model.factors());
    for (index i = cold; i < 120; ++i)
      for (std::size_t d = 0; d < 8; ++d)
        CHECK(model.latent().item(i)[d] == vectors[static_cast<std::size_t>(i % groups) * 8 + d]);
    CHECK(model.user_vectors(model.features().encode_users(grouped_table(9))).size() == 9 * 8);
    CHECK_THROWS_AS((void)model.user_vectors(model.features().items()), data_error);
    CHECK_THROWS_AS((void)model.item_vectors(encoded_rows()), data_error);
  }
}

TEST_CASE("a context belongs to the user") {
  // Items of even number are chosen in the first half of time, the others in the second.
  rating_columns columns;
  const counter_rng random(1);
  for (std::uint64_t r = 0; r < 2000; ++r) {
    columns.users.push_back(static_cast<index>(random.below(3 * r, 50)));
    columns.items.push_back(static_cast<index>(random.below(3 * r + 1, 20)));
    columns.values.push_back(1);
    columns.times.push_back(static_cast<std::int64_t>(random.below(3 * r + 2, 500)) +
                            500 * (columns.items.back() % 2));
  }
  const dataset train =
      make_dataset(test::numbered_ids(50), test::numbered_ids(20), std::move(columns));
  for (const bool deep : {false, true}) {
    two_tower_options options{
        .dimensions = 4,
        .training = {.epochs = 10, .optimizer = nn::adam{0.02}},
        .features = {
            .context = {{"late", rating_context(2, [](std::int64_t t) { return t >= 500; })}}}};
    if (deep) options.user_tower.hidden = {16};
    two_tower model(options);
    model.fit(train);
    std::vector<float> scores(20);
    for (const int late : {0, 1})
      for (index u = 0; u < 50; ++u) {
        model.score(u, std::vector<int>{late}, scores);
        float mean[2] = {0, 0};
        for (std::size_t i = 0; i < 20; ++i) mean[i % 2] += scores[i] / 10;
        CHECK(mean[late] > mean[1 - late] + 1);
      }
    std::vector<float> without(20);
    model.score(3, scores);
    model.score(3, std::vector<int>{}, without);
    for (std::size_t i = 0; i < 20; ++i) CHECK(scores[i] == without[i]);
  }
}

TEST_CASE("two towers learn from ratings of at least min_rating, as much as they weigh") {
  const dataset train = test::plain_dataset(900, 61, 70, 1);
  std::vector<std::uint8_t> keep;
  for (const float value : train.row_values()) keep.push_back(value >= 4 ? 1 : 0);
  two_tower some({.dimensions = 4, .min_rating = 4.0F, .training = {.epochs = 2}});
  two_tower all({.dimensions = 4, .training = {.epochs = 2}});
  some.fit(train);
  all.fit(select_rows(train, keep));
  CHECK(test::answers_of(some) == test::answers_of(all));

  rating_columns columns;
  for (index u = 0; u < 50; ++u)
    for (const index i : {0, 1}) {
      columns.users.push_back(u);
      columns.items.push_back(i);
      columns.values.push_back(1);
      columns.weights.push_back(i == u % 2 ? 1.0F : 0.01F);
    }
  const dataset weighted =
      make_dataset(test::numbered_ids(50), test::numbered_ids(2), std::move(columns));
  two_tower model({.dimensions = 4, .training = {.epochs = 40, .optimizer = nn::adam{0.05}}});
  model.fit(weighted);
  std::vector<float> scores(2);
  for (index u = 0; u < 50; ++u) {
    model.score(u, scores);
    CHECK((scores[1] > scores[0]) == (u % 2 == 1));
  }
}

TEST_CASE("the validation loss is that of pairs") {
  const dataset train = test::plain_dataset(900, 61, 70, 1);
  const dataset validation = test::plain_dataset(300, 80, 75, 2);
  for (const nn::ranking_loss& loss :
       {nn::ranking_loss(nn::bpr{}), nn::ranking_loss(nn::in_batch_softmax{.temperature = 0.5})}) {
    two_tower model(
        {.dimensions = 4, .loss = loss, .training = {.epochs = 3, .optimizer = nn::adam{0.02}}});
    const fit_history history = model.fit(train, {.validation = validation});
    const double temperature = loss.index() == 0 ? 1 : 0.5;
    const detail::negative_sampler sampler(train, model.options().training.seed + 1);
    const detail::training_events events = detail::events_of(validation);
    double sum = 0;
    std::vector<float> scores(70);
    for (std::size_t e = 0; e < events.size(); ++e) {
      model.score(events.users[e], scores);
      scores.resize(75, 0.0F);  // what is unknown
      const auto score = [&](index i) { return scores[static_cast<std::size_t>(i)]; };
      const auto lower =
          static_cast<double>(score(sampler.draw(events.users[e], e)) - score(events.items[e]));
      sum += std::log1p(std::exp(lower / temperature));
      scores.resize(70);
    }
    const epoch_report& last = history.epochs.back();
    CHECK(last.validation_loss == doctest::Approx(sum / static_cast<double>(events.size())));
    CHECK(std::isnan(last.train_rmse));
    CHECK(std::isnan(last.validation_rmse));
    CHECK(last.train_loss < history.epochs.front().train_loss);
  }
}

TEST_CASE("two towers stop early and go back to the best epoch") {
  const dataset train = test::plain_dataset(900, 61, 70, 1);
  const dataset validation = test::plain_dataset(300, 61, 70, 2);
  const two_tower_options options{.dimensions = 16,
                                  .training = {.epochs = 60, .optimizer = nn::adam{0.02}}};
  two_tower model(options);
  const fit_history history = model.fit(
      train, {.validation = validation, .early_stopping = early_stopping_options{.patience = 2}});
  CHECK(history.reason == stop_reason::early_stopping);
  two_tower_options short_of_it = options;
  short_of_it.training.epochs = history.best_epoch;
  two_tower best(short_of_it);
  best.fit(train);
  CHECK(test::answers_of(model) == test::answers_of(best));
}

TEST_CASE("two towers serve a recommender") {
  const dataset train = grouped_ratings(60, 40, 10, 1, 40);
  two_tower model({.dimensions = 8, .training = {.epochs = 10, .optimizer = nn::adam{0.02}}});
  model.fit(train);
  const recommender<two_tower> recommender{model, train};
  std::vector<float> scores(40);
  model.score(7, scores);
  const auto best = recommender.recommend(7, 5, {.exclude_seen = false});
  REQUIRE(best.size() == 5);
  CHECK(best[0].score == *std::max_element(scores.begin(), scores.end()));
  for (const auto& [item, similarity] : recommender.similar_items(5, 5))
    CHECK(std::stoi(std::string(item)) % groups == 5 % groups);
  CHECK(recommender.similar_users(7, 3).size() == 3);

  const temporary_folder folder;
  save(recommender, folder.path("recommender"));
  const auto loaded = load_model<kindred::recommender<two_tower>>(folder.path("recommender"));
  CHECK(loaded.recommend(7, 5)[0].score == recommender.recommend(7, 5)[0].score);
}

TEST_CASE("two towers keep what they had when a fit fails, and take odd data") {
  test::check_failed_fits(two_tower({.dimensions = 3, .training = {.epochs = 1}}));
  for (const dataset& odd : test::odd_datasets())
    for (const nn::ranking_loss& loss : all_losses()) {
      two_tower model({.dimensions = 3, .loss = loss, .training = {.epochs = 2}});
      model.fit(odd);
      CHECK(test::all_finite(model));
    }
}

TEST_CASE("two towers say what is wrong") {
  const auto refused = [](two_tower_options options, const std::string& name) {
    try {
      const two_tower model(std::move(options));
    } catch (const option_error& error) {
      return std::string(error.what()).find(name) != std::string::npos;
    }
    return false;
  };
  CHECK(refused({.dimensions = 0}, "dimensions"));
  CHECK(refused({.outputs = 7}, "outputs"));
  CHECK(refused({.user_tower = {.hidden = {8}}, .outputs = 7}, "outputs"));
  CHECK(refused({.item_tower = {.hidden = {0}}}, "hidden"));
  CHECK(refused({.loss = nn::bpr{.negatives = 0}}, "bpr.negatives"));
  CHECK(refused({.loss = nn::warp{.trials = 0}}, "warp.trials"));
  CHECK(refused({.loss = nn::sampled_softmax{.popularity_power = 3}},
                "sampled_softmax.popularity_power"));
  CHECK(refused({.loss = nn::in_batch_softmax{.temperature = 0}}, "in_batch_softmax.temperature"));
  CHECK(refused({.training = {.batch_size = 65536}}, "batch_size"));
  CHECK(refused({.training = {.keep_state = true}}, "keep_state"));

  const dataset train = test::plain_dataset(900, 61, 70, 1);
  const auto message_of = [&](two_tower_options options) -> std::string {
    two_tower model(std::move(options));
    try {
      model.fit(train);
    } catch (const data_error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message_of({.min_rating = 7.0F}) ==
        "two_tower: no ratings to fit of at least min_rating = 7");
  CHECK(message_of({.features = {.item_ids = false}}) ==
        "two_tower: nothing is known of items: no ids and no features");
  CHECK_THROWS_AS((void)two_tower().item_vectors(encoded_rows()), not_fitted_error);
}

}  // namespace kindred::two_tower_test
