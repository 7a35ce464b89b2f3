// kindred's side of knn_compare.py, which calls it and reads what it prints and writes.
//   knn_compare data DATA FOLDER     ratings as arrays: offsets, items, values
//   knn_compare items DATA THREADS FOLDER
//                seconds to fit 50 neighbours by cosine, and to rank ten items for every user;
//                writes rows and similarities, 50 an item (-1 where there are fewer)
//   knn_compare folds PREFIX THREADS users|items MEASURE PREDICTOR FOLDER
//                seconds to fit PREFIX.base as Surprise does, and to predict PREFIX.test; writes
//                the predictions
// DATA is what data.hpp says; of each time, that of processors comes next.
#include <kindred/data/load.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/user_knn.hpp>
#include <kindred/serve/recommender.hpp>
#include <kindred/source/csv.hpp>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data.hpp"
#include "exchange.hpp"

namespace {

using kindred::knn_predictor;
using kindred::similarity;
using kindred::bench::ratings_of;

constexpr std::size_t neighbors = 50;

void write_data(const kindred::dataset& ratings, const std::string& folder) {
  exchange::write(folder + "/offsets", ratings.user_offsets());
  exchange::write(folder + "/items", ratings.row_items());
  exchange::write(folder + "/values", ratings.row_values());
}

void write_neighbors(const kindred::item_knn& model, const std::string& folder) {
  std::vector<kindred::index> rows;
  std::vector<float> similarities;
  for (std::size_t item = 0; item < model.neighbors().size(); ++item) {
    const kindred::neighbor_list list = model.neighbors()[item];
    rows.insert(rows.end(), list.rows.begin(), list.rows.end());
    rows.resize((item + 1) * neighbors, kindred::unknown_index);
    similarities.insert(similarities.end(), list.similarities.begin(), list.similarities.end());
    similarities.resize((item + 1) * neighbors, 0);
  }
  exchange::write(folder + "/rows", std::span<const kindred::index>(rows));
  exchange::write(folder + "/similarities", std::span<const float>(similarities));
}

void race_items(const kindred::dataset& ratings, int threads, const std::string& folder) {
  tbb::task_arena arena(threads);
  kindred::item_knn model{{.similarity = {.measure = similarity::cosine},
                           .predictor = knn_predictor::plain,
                           .neighbors = neighbors}};
  arena.execute([&] { model.fit(ratings); });  // the peer's process has fitted before, too
  exchange::print_time_of([&] { arena.execute([&] { model.fit(ratings); }); });
  write_neighbors(model, folder);
  std::vector<std::string_view> users;
  for (kindred::index u = 0; u < ratings.num_users(); ++u) users.push_back(ratings.users().id(u));
  const kindred::recommender served{std::move(model), ratings};
  std::size_t lines = 0;
  exchange::print_time_of([&] {
    arena.execute([&] {
      for (const auto& list : served.recommend(users, 10)) lines += list.size();
    });
  });
  std::printf("%zu\n", lines);
}

template <class Model>
void race_fold(const std::string& prefix, int threads, similarity measure, knn_predictor predictor,
               const std::string& folder) {
  const auto train = kindred::load(kindred::csv_source{prefix + ".base"});
  const auto test = kindred::load(kindred::csv_source{prefix + ".test"}, {.extend = train});
  Model model{{.similarity = {.measure = measure, .norms = kindred::similarity_norms::common},
               .predictor = predictor,
               .neighbors = 0,
               .baseline = {.user_regularization = 15, .item_regularization = 10}}};
  tbb::task_arena arena(threads);
  arena.execute([&] { model.fit(train); });  // the peer's process has fitted before, too
  exchange::print_time_of([&] { arena.execute([&] { model.fit(train); }); });
  std::vector<float> predicted;
  exchange::print_time_of([&] {
    for (kindred::index u = 0; u < test.num_users(); ++u)
      for (const auto [item, value] : test.by_user(u)) predicted.push_back(model.predict(u, item));
  });
  std::ofstream file(folder + "/predictions");
  std::size_t n = 0;
  for (kindred::index u = 0; u < test.num_users(); ++u)
    for (const kindred::index item : test.by_user(u).indices())
      file << test.users().id(u) << ' ' << test.items().id(item) << ' ' << predicted[n++] << '\n';
  std::printf("%zu\n", n);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "data") {
    write_data(ratings_of(words[1]), words[2]);
  } else if (words.size() == 4 && words[0] == "items") {
    const int threads = std::atoi(words[2].c_str());
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads));
    race_items(ratings_of(words[1]), threads, words[3]);
  } else if (words.size() == 7 && words[0] == "folds") {
    const int threads = std::atoi(words[2].c_str());
    const auto measure =
        words[4] == "msd" ? similarity::mean_squared_difference : similarity::cosine;
    const auto predictor = words[5] == "KNNBasic" ? knn_predictor::plain : knn_predictor::baseline;
    if (words[3] == "users")
      race_fold<kindred::user_knn>(words[1], threads, measure, predictor, words[6]);
    else
      race_fold<kindred::item_knn>(words[1], threads, measure, predictor, words[6]);
  } else {
    std::fputs("see the head of knn_compare.cpp\n", stderr);
    return 2;
  }
}
