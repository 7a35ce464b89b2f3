// Several models as one, ratings that grow old, and contexts.
//   kindred_hybrids [folder of MovieLens]
#include <kindred/kindred.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>

namespace {

kindred::dataset read_ratings(int argc, char** argv) {
  if (argc > 1) return kindred::movielens::load(argv[1]).ratings;
  std::puts("data: synthetic, since no folder of MovieLens was named\n");
  return kindred::synthetic_ratings({.num_ratings = 100'000, .with_times = true});
}

template <class Model>
void judge(const char* name, const Model& model, const kindred::dataset& test) {
  std::printf("%-36s RMSE %.4f\n", name, kindred::evaluate_ratings(model, test).rmse);
}

/// Combines models by what they predict, or by what is known of whom.
void combine(const kindred::split& parts) {
  const kindred::matrix_factorization<> factors{
      {.regularization = 0.15, .frequency_exponent = 0.5}};
  kindred::weighted_hybrid weighted{factors, kindred::baseline_model{}};
  weighted.fit(parts.train);
  judge("matrix factorization", weighted.part<0>(), parts.test);
  judge("baseline", weighted.part<1>(), parts.test);
  judge("weighted hybrid of both", weighted, parts.test);

  kindred::stacked_hybrid stacked{factors, kindred::baseline_model{}};
  stacked.fit(parts.train);
  judge("stacked hybrid: weights by activity", stacked, parts.test);

  kindred::switching_hybrid switching{kindred::baseline_model{}, factors};
  switching.fit(parts.train);
  judge("baseline for who is new", switching, parts.test);

  // Models that are fitted already need not be fitted again.
  kindred::popularity_model popularity;
  popularity.fit(parts.train);
  kindred::cascade_hybrid cascade{{.candidates = 50}, std::move(popularity), std::move(weighted)};
  cascade.fit_seen(parts.train);
  const kindred::recommender recommender{std::move(cascade), parts.train};
  const std::string user{parts.train.users().id(0)};
  std::printf("\nof the 50 most popular items, user %s would like most:", user.c_str());
  for (const auto& [item, score] : recommender.recommend(user, 5))
    std::printf(" %.*s", static_cast<int>(item.size()), item.data());
  std::puts("");
}

/// Predicts the latest ratings from those before them.
void forget(const kindred::dataset& ratings) {
  const auto [past, future] = kindred::split_temporal(ratings);
  std::puts("\nthe latest fifth of the ratings, from the others with weights that are halved");
  for (const int years : {1, 2, 4, 8}) {
    kindred::baseline_model model;
    model.fit(kindred::weight_by_age(past, {.half_life = std::chrono::days(365 * years)}));
    judge(("every " + std::to_string(years) + " years").c_str(), model, future);
  }
  kindred::baseline_model model;
  model.fit(past);
  judge("never", model, future);
}

/// Ranks for an evening, which is context 3 of `time_of_day`.
void ask_the_clock(const kindred::split& parts) {
  const kindred::rating_context clock = kindred::time_of_day();
  const kindred::dataset evening = kindred::select_context(parts.test, clock, 3);
  if (evening.empty()) return;
  kindred::contextual_postfilter model{kindred::popularity_model{}, clock};
  model.fit(parts.train);
  const auto ndcg = [&](const auto& ranking) {
    return kindred::evaluate_ranking(ranking, parts.train, evening, {.at = {10}}).at(10).ndcg;
  };
  std::printf("\nin the evening: NDCG@10 of what is popular %.4f, of what is popular then %.4f\n",
              ndcg(model.model()), ndcg(model.in(3)));

  kindred::contextual_prefilter own{kindred::baseline_model{}, clock};
  own.fit(parts.train);
  std::printf("a baseline of its own pays for the evening: %s\n",
              own.has_own_model(3) ? "yes" : "no");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const kindred::dataset ratings = read_ratings(argc, argv);
    const kindred::split parts = kindred::split_random(ratings);
    combine(parts);
    forget(ratings);
    ask_the_clock(parts);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
