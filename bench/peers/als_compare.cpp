// kindred's side of als_compare.py, which calls it and reads what it prints and writes.
//   als_compare data DATA FOLDER
//               ratings as arrays: offsets, items, values; prints how many items there are
//   als_compare implicit DATA THREADS SOLVER FACTORS EPOCHS UNOBSERVED ALPHA PENALTY EXPONENT
//               START FOLDER
//   als_compare explicit DATA THREADS SOLVER FACTORS EPOCHS PENALTY FOLDER
//               seconds to fit, and of processors; writes users and items, and biases of `als`
// DATA is what data.hpp says; SOLVER is cholesky, or conjugate_gradient, of three steps.
#include <kindred/data/synthetic.hpp>
#include <kindred/model/als.hpp>
#include <kindred/model/implicit_als.hpp>

#include <tbb/global_control.h>

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "data.hpp"
#include "exchange.hpp"

namespace {

using kindred::bench::ratings_of;

kindred::als_solver solver_of(const std::string& name) {
  if (name == kindred::cholesky::name) return kindred::cholesky{};
  return kindred::conjugate_gradient{};
}

template <class Model>
void race(Model model, const kindred::dataset& ratings, const std::string& folder) {
  Model warm = model;  // the peer's process has fitted before, too
  warm.fit(kindred::synthetic_ratings({.num_ratings = 10'000}));
  exchange::print_time_of([&] { model.fit(ratings); });
  const auto latent = model.latent();
  const auto size = [&](kindred::index rows) {
    return static_cast<std::size_t>(rows) * latent.factors;
  };
  exchange::write(folder + "/users", std::span(latent.user_factors, size(latent.num_users)));
  exchange::write(folder + "/items", std::span(latent.item_factors, size(latent.num_items)));
  if constexpr (kindred::rating_model<Model>) {
    exchange::write(folder + "/user_biases", model.user_biases());
    exchange::write(folder + "/item_biases", model.item_biases());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto limit_threads = [&] {
    return tbb::global_control(tbb::global_control::max_allowed_parallelism, std::stoul(words[2]));
  };
  if (words.size() == 3 && words[0] == "data") {
    const auto ratings = ratings_of(words[1]);
    exchange::write(words[2] + "/offsets", ratings.user_offsets());
    exchange::write(words[2] + "/items_of", ratings.row_items());
    exchange::write(words[2] + "/values", ratings.row_values());
    std::printf("%d\n", ratings.num_items());
  } else if (words.size() == 12 && words[0] == "implicit") {
    const auto limit = limit_threads();
    race(kindred::implicit_als({.factors = std::stoi(words[4]),
                                .epochs = std::stoi(words[5]),
                                .unobserved_weight = std::stod(words[6]),
                                .alpha = std::stod(words[7]),
                                .regularization = std::stod(words[8]),
                                .frequency_exponent = std::stod(words[9]),
                                .solver = solver_of(words[3]),
                                .init_scale = std::stod(words[10])}),
         ratings_of(words[1]), words[11]);
  } else if (words.size() == 8 && words[0] == "explicit") {
    const auto limit = limit_threads();
    race(kindred::als({.factors = std::stoi(words[4]),
                       .epochs = std::stoi(words[5]),
                       .regularization = std::stod(words[6]),
                       .bias_regularization = std::stod(words[6]),
                       .frequency_exponent = 1,
                       .solver = solver_of(words[3])}),
         ratings_of(words[1]), words[7]);
  } else {
    std::fputs("see the head of als_compare.cpp\n", stderr);
    return 2;
  }
}
