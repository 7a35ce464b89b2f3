// What following is worth: the first four fifths of the ratings of MovieLens by time are learned,
// the others arrive in batches of 50, each predicted just before it arrives.
//   KINDRED_DATA=folder-of-data-sets kindred_ml_live
#include <kindred/data/load.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/live_recommender.hpp>
#include <kindred/source/memory.hpp>
#include <kindred/source/movielens.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

namespace {

struct event {
  std::string user;
  std::string item;
  float rating;
  std::int64_t time;
};

std::vector<event> by_time(const kindred::dataset& ratings) {
  std::vector<event> events;
  for (kindred::index u = 0; u < ratings.num_users(); ++u) {
    std::size_t n = 0;
    for (const auto [item, rating] : ratings.by_user(u))
      events.push_back({std::string(ratings.users().id(u)), std::string(ratings.items().id(item)),
                        rating, ratings.times_of(u)[n++]});
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const event& a, const event& b) { return a.time < b.time; });
  return events;
}

struct plan {
  const char* name;
  double item_growth;
  bool follows;
  std::size_t refits;
};

void run(const plan& how, const kindred::matrix_factorization<>& model,
         const kindred::dataset& train, std::span<const event> events) {
  constexpr std::size_t batch_size = 50;
  kindred::live_recommender live{model, train, {.item_growth = how.item_growth}};
  double squares = 0;
  std::size_t next_refit = how.refits > 0 ? events.size() / (how.refits + 1) : events.size();
  for (std::size_t begin = 0; begin < events.size(); begin += batch_size) {
    kindred::rating_batch batch;
    for (const event& e : events.subspan(begin, std::min(batch_size, events.size() - begin))) {
      const double error = static_cast<double>(live.predict(e.user, e.item).rating - e.rating);
      squares += error * error;
      batch.users.texts.push_back(e.user);
      batch.items.texts.push_back(e.item);
      batch.values.push_back(e.rating);
    }
    if (how.follows) live.apply(batch);
    if (begin < next_refit) continue;
    next_refit += events.size() / (how.refits + 1);
    live.refit();
    live.wait();
  }
  std::printf("  %-36s RMSE %.4f\n", how.name,
              std::sqrt(squares / static_cast<double>(events.size())));
}

void judge(const std::string& folder) {
  const auto events = by_time(kindred::movielens::load(folder).ratings);
  const std::size_t known = events.size() * 4 / 5;
  const std::vector<event> first(events.begin(),
                                 events.begin() + static_cast<std::ptrdiff_t>(known));
  const kindred::dataset train = kindred::load(kindred::memory_source{first});
  kindred::matrix_factorization<> model{{.regularization = 0.12, .frequency_exponent = 0.3}};
  model.fit(train);
  std::printf("%s: %zu ratings arrive\n", folder.c_str(), events.size() - known);
  for (const plan& how :
       {plan{"the model as it is", 0.1, false, 0}, plan{"followed, item_growth 1", 1, true, 0},
        plan{"followed, item_growth 0.25", 0.25, true, 0},
        plan{"followed, item_growth 0.1", 0.1, true, 0},
        plan{"followed, item_growth 0.05", 0.05, true, 0},
        plan{"the same, and fitted anew 9 times", 0.1, true, 9}})
    run(how, model, train, std::span(events).subspan(known));
}

}  // namespace

int main() {
  const char* const data = std::getenv("KINDRED_DATA");
  if (data == nullptr) {
    std::puts("skipped: KINDRED_DATA does not name the folder of the data sets");
    return 0;
  }
  judge(std::string(data) + "/ml-100k");
  judge(std::string(data) + "/ml-latest-small");
}
