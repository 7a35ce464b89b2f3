// The main job: learn from ratings, be judged on held-out ones, recommend.
//   kindred_quickstart [folder with ratings.csv, or a ratings file]
#include <kindred/kindred.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>

namespace {

kindred::dataset read_ratings(int argc, char** argv) {
  if (argc < 2) {
    std::cout << "data: synthetic ratings, made here\n";
    return kindred::synthetic_ratings(
        {.num_users = 1000, .num_items = 2000, .num_ratings = 100'000, .seed = 42});
  }
  std::filesystem::path path = argv[1];
  if (std::filesystem::is_directory(path)) path /= "ratings.csv";
  std::cout << "data: " << path.string() << '\n';
  return kindred::load(kindred::csv_source{path.string()});
}

void run(const kindred::dataset& ratings) {
  std::cout << ratings.size() << " ratings of " << ratings.num_users() << " users for "
            << ratings.num_items() << " items\n";
  const auto [train, test] = kindred::split_random(ratings, {.test_fraction = 0.2, .seed = 42});

  kindred::baseline_model baseline;
  baseline.fit(train);
  std::cout << "baseline             RMSE " << kindred::evaluate_ratings(baseline, test).rmse
            << '\n';

  kindred::matrix_factorization<> model{{.factors = 64, .epochs = 20}};
  model.fit(train);
  std::cout << "matrix factorization RMSE " << kindred::evaluate_ratings(model, test).rmse << '\n';

  const std::string user{train.users().id(0)};
  const kindred::recommender recommender{std::move(model), train};
  std::cout << "for user " << user << ":\n";
  for (const auto& [item, score] : recommender.recommend(user, 10))
    std::cout << "  item " << item << "  " << score << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(read_ratings(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
