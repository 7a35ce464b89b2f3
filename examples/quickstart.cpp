// The main job: learn from ratings, be judged on held-out ones, recommend, meet someone new, save.
//   kindred_quickstart [folder of MovieLens]
#include <kindred/kindred.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace {

using kindred::movielens::data_set;

data_set read_data(int argc, char** argv) {
  if (argc > 1) {
    data_set data = kindred::movielens::load(argv[1]);
    std::printf("data: MovieLens, from %s\n", argv[1]);
    return data;
  }
  data_set data;
  data.ratings = kindred::synthetic_ratings(
      {.num_users = 1000, .num_items = 2000, .num_ratings = 100'000, .seed = 42});
  std::puts("data: synthetic, since no folder of MovieLens was named");
  return data;
}

/// "Toy Story (1995) [Animation, Comedy]", or the id where there are no titles.
std::string describe(const data_set& data, std::string_view item) {
  if (!data.items.contains("title")) return "item " + std::string(item);
  const kindred::index row = data.ratings.items().find(item).value();
  const kindred::multi_hot_column& genres = data.items.multi_hot("genres");
  std::string list;
  for (const kindred::index genre : genres[row])
    list.append(list.empty() ? " [" : ", ").append(genres.vocabulary().id(genre));
  return std::string(data.items.text("title")[row]) + list + (list.empty() ? "" : "]");
}

void show(const std::string& heading, const kindred::recommendations& list, const data_set& data) {
  std::printf("\n%s\n", heading.c_str());
  const int decimals = list.cold_start() ? 0 : 2;  // the score of what is popular is a count
  for (const auto& [item, score] : list)
    std::printf("%8.*f  %s\n", decimals, score, describe(data, item).c_str());
}

template <class Model>
void judge(const char* name, const Model& model, const kindred::split& parts) {
  const auto stars = kindred::evaluate_ratings(model, parts.test);
  const auto ranking =
      kindred::evaluate_ranking(model, parts.train, parts.test, {.at = {10}, .relevant_from = 4});
  const kindred::ranking_cutoff& best = ranking.cutoffs.front();
  std::printf("%-20s  %.4f  %.4f        %.4f     %.4f   %.4f\n", name, stars.rmse, stars.mae,
              best.precision, best.recall, best.ndcg);
}

void run(const data_set& data) {
  const kindred::dataset& ratings = data.ratings;
  std::printf("%zu ratings of %d users for %d items, a fifth of them held out\n\n", ratings.size(),
              ratings.num_users(), ratings.num_items());
  const auto parts = kindred::split_random(ratings, {.test_fraction = 0.2, .seed = 42});

  kindred::popularity_model popularity;
  kindred::baseline_model baseline;
  kindred::matrix_factorization<> factors{{.factors = 64, .epochs = 20}};
  popularity.fit(parts.train);
  baseline.fit(parts.train);
  const auto screen = kindred::terminal_of(kindred::standard_stream::output);
  factors.fit(parts.train, {.observer = kindred::console_observer{std::cout, screen}});

  // To foretell stars is one job, to rank what somebody will watch is another.
  std::puts("\nheld-out ratings      RMSE    MAE     precision@10  recall@10  NDCG@10");
  judge("popularity", popularity, parts);
  judge("baseline", baseline, parts);
  judge("matrix factorization", factors, parts);

  const kindred::recommender recommender{std::move(factors), parts.train};
  const std::string user{ratings.users().id(0)};
  const auto list = recommender.recommend(user, 10);
  show("for user " + user + ", with stars above the user's mean", list, data);

  const auto popular = recommender.recommend("someone new", 3);
  show("for someone new: what is popular, with numbers of ratings", popular, data);
  show("for someone new who gives these 5, 5 and 1 stars",
       recommender.recommend_from({{popular[0].id, 5}, {popular[1].id, 5}, {popular[2].id, 1}}, 5),
       data);
  show("like " + describe(data, popular[0].id) + ", with cosines",
       recommender.similar_items(popular[0].id, 5), data);

  const auto path = std::filesystem::temp_directory_path() / "kindred_quickstart.safetensors";
  const std::string file = path.string();
  kindred::save(recommender, file);
  const auto loaded = kindred::load_recommender<kindred::matrix_factorization<>>(file);
  const bool same = loaded.recommend(user, 10)[0].id == list[0].id;
  std::printf("\nsaved to %s; loaded, it recommends %s\n", file.c_str(),
              same ? "the same" : "something else");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(read_data(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
