// Networks that see what is known of users and items: what that is worth, on items that nobody has
// rated yet, too, and one network for two tasks.
//   kindred_features <folder of MovieLens>
#include <kindred/kindred.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>

namespace {

/// Genres and years of movies and, in MovieLens 100K and 1M, what users say of themselves.
kindred::feature_set features_of(const kindred::movielens::data_set& data) {
  kindred::feature_set features{.items = {data.items, {{"genres"}, {"year"}}}};
  if (data.users.contains("age"))
    features.users = {data.users,
                      {{"age"}, {"gender"}, {"occupation"}, {.name = "zip", .min_count = 3}}};
  return features;
}

template <class Model>
void judge(const char* name, const Model& model, const kindred::dataset& test) {
  std::printf("  %-42s RMSE %.4f\n", name, kindred::evaluate_ratings(model, test).rmse);
}

/// What features add to ids.
void compare(const kindred::split& parts, const kindred::feature_set& features) {
  std::puts("a fifth of the ratings, from the others");
  kindred::mlp_rating by_ids{{.training = {.epochs = 4}}};
  by_ids.fit(parts.train);
  judge("mlp_rating: ids alone", by_ids, parts.test);

  kindred::mlp_rating by_features{{.training = {.epochs = 6}, .features = features}};
  by_features.fit(parts.train);
  judge("mlp_rating: what is known of them, too", by_features, parts.test);
}

/// Holds out all ratings of a tenth of the movies, as if they were new.
void ask_about_new_items(const kindred::dataset& ratings, const kindred::feature_set& features) {
  const kindred::counter_rng random(42);
  const auto is_new = [&](kindred::index item) {
    return random.uniform(static_cast<std::uint64_t>(item)) < 0.1;
  };
  const auto known = kindred::filter_rows(
      ratings, [&](kindred::index, kindred::index item, float) { return !is_new(item); });
  const auto unknown = kindred::filter_rows(
      ratings, [&](kindred::index, kindred::index item, float) { return is_new(item); });

  std::puts("\na tenth of the movies, without any of their ratings");
  kindred::popularity_model popular;
  popular.fit(known);
  judge("popularity: the mean of all", popular, unknown);
  kindred::baseline_model baseline;
  baseline.fit(known);
  judge("baseline: the user's mean", baseline, unknown);
  // Some ids are hidden in training, so that it learns to do without them.
  kindred::mlp_rating model{{.training = {.epochs = 6, .hidden_ids = 0.3}, .features = features}};
  model.fit(known);
  judge("mlp_rating with features", model, unknown);
}

/// How many stars, and whether they are at least four.
void learn_two_tasks(const kindred::split& parts, const kindred::feature_set& features) {
  kindred::multi_task model{
      {.tasks = {{.name = "stars"},
                 {.name = "likes", .loss = kindred::nn::cross_entropy{}, .at_least = 4.0F}},
       .training = {.epochs = 6},
       .features = features}};
  model.fit(parts.train);
  const std::size_t likes = model.task("likes");
  std::size_t right = 0;
  for (kindred::index user = 0; user < parts.test.num_users(); ++user)
    for (const auto& [item, stars] : parts.test.by_user(user))
      right += (model.predict_task(likes, user, item) > 0.5F) == (stars >= 4) ? 1U : 0U;
  std::puts("\none network for two tasks, on a fifth of the ratings");
  judge("multi_task: stars", model, parts.test);
  std::printf("  %-42s %.1f %% right\n", "multi_task: 4 or 5 stars, or less",
              100.0 * static_cast<double>(right) / static_cast<double>(parts.test.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::puts("skipped: name a folder of MovieLens, such as ml-100k; made-up data has no features");
    return 0;
  }
  try {
    const auto data = kindred::movielens::load(argv[1]);
    const auto features = features_of(data);
    const auto parts = kindred::split_random(data.ratings);
    compare(parts, features);
    ask_about_new_items(data.ratings, features);
    learn_two_tasks(parts, features);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
