// Peak memory of a fit above the dataset, counted at operator new, beside the formula
//   12 bytes a rating (16 with weights) + twice the parameters of users and items,
// where the training layout of a row is its factors rounded up to 16 and four numbers.
//   kindred_train_memory [millions of ratings ...]
#include <kindred/data/synthetic.hpp>
#include <kindred/model/matrix_factorization.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "counted_memory.hpp"

namespace {

void measure(double millions) {
  const auto count = static_cast<std::size_t>(millions * 1e6);
  const auto users = static_cast<kindred::index>(count / 100);
  const auto ratings = kindred::synthetic_ratings(
      {.num_users = users, .num_items = users / 5, .num_ratings = count, .seed = 1});
  constexpr std::size_t factors = 32;
  kindred::matrix_factorization<> model({.factors = static_cast<int>(factors), .epochs = 1});
  const auto used = static_cast<double>(kindred::bench::most_bytes_of([&] { model.fit(ratings); }));
  const auto rows = static_cast<double>(ratings.num_users() + ratings.num_items());
  const double parameters = rows * (factors + 4.0) * 4 + rows * (factors + 1.0) * 4;
  std::printf(
      "%.0fM ratings: peak %.1f MB above the dataset, %.2f bytes a rating beside %.1f MB of "
      "parameters\n",
      millions, used / 1e6, (used - parameters) / static_cast<double>(count), parameters / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2)
    for (const double millions : {1.0, 10.0, 50.0}) measure(millions);
  for (int n = 1; n < argc; ++n) measure(std::atof(argv[n]));
}
