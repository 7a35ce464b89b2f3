// One model on one folder of MovieLens, from the command line: trains with early stopping, judges
// on held-out ratings, recommends, and writes down the learning curve and what it serves.
#include <kindred/kindred.hpp>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

constexpr const char* help = R"(usage: kindred_movielens <folder> [options]
  --model mf|baseline|popularity  what to train (mf)
  --factors N                     length of the latent vectors of mf (64)
  --epochs N                      passes over the ratings at most, of mf (20) and baseline (10)
  --learning-rate X               step size of mf (0.05)
  --regularization X              L2 penalty on the factors of mf (0.1)
  --k N                           length of the rankings (10)
  --user ID                       whom to recommend to (the first in the file)
  --seed N                        of the splits and of mf (42)
  --curve FILE                    where to write the learning curve, as CSV
  --save FILE                     where to save the recommender, as safetensors
  --help                          this
)";

struct settings {
  std::string folder;
  std::string model = "mf";
  std::set<std::string> given;  ///< the options that were
  kindred::matrix_factorization_options mf;
  kindred::baseline_options baseline;
  kindred::index k = 10;
  std::string user;
  std::uint64_t seed = 42;
  std::string curve;
  std::string save;
  bool help = false;
};

using usage_error = std::invalid_argument;

template <class Number>
Number number(const std::string& option, std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec == std::errc{} && result.ptr == end) return value;
  throw usage_error(option + " takes a number, not '" + std::string(text) + "'");
}

/// False if there is no such option.
bool set(settings& s, const std::string& option, const std::string& value) {
  if (option == "--model")
    s.model = value;
  else if (option == "--factors")
    s.mf.factors = number<int>(option, value);
  else if (option == "--epochs")
    s.mf.epochs = s.baseline.epochs = number<int>(option, value);
  else if (option == "--learning-rate")
    s.mf.learning_rate = number<double>(option, value);
  else if (option == "--regularization")
    s.mf.regularization = number<double>(option, value);
  else if (option == "--k")
    s.k = number<kindred::index>(option, value);
  else if (option == "--user")
    s.user = value;
  else if (option == "--seed")
    s.seed = s.mf.seed = number<std::uint64_t>(option, value);
  else if (option == "--curve")
    s.curve = value;
  else if (option == "--save")
    s.save = value;
  else
    return false;
  return true;
}

/// Throws usage_error for what no library can know to be wrong.
void check(const settings& s) {
  if (s.folder.empty()) throw usage_error("name a folder of MovieLens");
  if (s.model != "mf" && s.model != "baseline" && s.model != "popularity")
    throw usage_error("--model is mf, baseline or popularity, not '" + s.model + "'");
  if (s.k < 1) throw usage_error("--k is at least 1");
  for (const std::string& option : s.given) {
    const bool is_of_mf =
        option == "--factors" || option == "--learning-rate" || option == "--regularization";
    if ((is_of_mf && s.model != "mf") || (option == "--epochs" && s.model == "popularity"))
      throw usage_error(option + " means nothing to " + s.model);
  }
}

settings parse(std::span<char* const> arguments) {
  settings s;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string argument = arguments[i];
    if (argument == "--help") {
      s.help = true;
      return s;
    }
    if (argument.starts_with("--")) {
      const bool has_value = ++i < arguments.size();
      if (!set(s, argument, has_value ? arguments[i] : ""))
        throw usage_error("there is no option " + argument);
      if (!has_value) throw usage_error(argument + " needs a value");
      s.given.insert(argument);
    } else {
      if (!s.folder.empty()) throw usage_error("one folder, not " + s.folder + " and " + argument);
      s.folder = argument;
    }
  }
  check(s);
  return s;
}

/// Ratings to judge on, and within the others some to stop by.
struct parts {
  kindred::split test;
  kindred::split validation;
};

parts split(const kindred::dataset& ratings, std::uint64_t seed) {
  const auto test = kindred::split_random(ratings, {.test_fraction = 0.2, .seed = seed});
  return {test, kindred::split_random(test.train, {.test_fraction = 0.1, .seed = seed + 1})};
}

template <class Model>
void judge(const Model& model, const kindred::split& test, kindred::index k) {
  const auto stars = kindred::evaluate_ratings(model, test.test);
  const auto ranking =
      kindred::evaluate_ranking(model, test.train, test.test, {.at = {k}, .relevant_from = 4});
  const kindred::ranking_cutoff& top = ranking.cutoffs.front();
  const std::pair<const char*, double> metrics[] = {
      {"RMSE", stars.rmse},       {"MAE", stars.mae},        {"precision", top.precision},
      {"recall", top.recall},     {"NDCG", top.ndcg},        {"MAP", top.map},
      {"hit rate", top.hit_rate}, {"coverage", top.coverage}};
  std::printf("on %zu held-out ratings; rankings of %d, relevant from 4 stars on\n", stars.count,
              k);
  for (const auto& [name, value] : metrics) std::printf("  %-10s%8.4f\n", name, value);
}

void write_curve(const kindred::fit_history& history, const std::string& path) {
  std::ofstream file(path);
  file << "epoch,train_rmse,validation_rmse,seconds,ratings_per_second\n";
  for (const kindred::epoch_report& e : history.epochs)
    file << e.epoch << ',' << e.train_rmse << ',' << e.validation_rmse << ',' << e.elapsed.count()
         << ',' << e.ratings_per_second << '\n';
  if (!file.flush()) throw kindred::io_error(path, "cannot be written");
}

template <class Model>
kindred::any_recommender train(Model model, const settings& s, const parts& data) {
  const auto screen = kindred::terminal_of(kindred::standard_stream::error);
  const auto history =
      model.fit(data.validation.train, {.validation = data.validation.test,
                                        .observer = kindred::console_observer{std::cerr, screen},
                                        .early_stopping = kindred::early_stopping_options{}});
  judge(model, data.test, s.k);
  if (!history.epochs.empty())
    std::printf("  %-10s%8.3f for %zu epochs, of which %d was the best\n", "seconds",
                history.epochs.back().elapsed.count(), history.epochs.size(), history.best_epoch);
  if (!s.curve.empty()) write_curve(history, s.curve);
  kindred::recommender served{std::move(model), data.test.train};
  if (!s.save.empty()) kindred::save(served, s.save);
  return served;
}

kindred::any_recommender train(const settings& s, const parts& data) {
  if (s.model == "popularity") return train(kindred::popularity_model{}, s, data);
  if (s.model == "baseline") return train(kindred::baseline_model{s.baseline}, s, data);
  return train(kindred::matrix_factorization<>{s.mf}, s, data);
}

void run(const settings& s) {
  const auto [kind, ratings, users, items] = kindred::movielens::load(s.folder);
  std::printf("%s: %zu ratings of %d users for %d movies\n", s.folder.c_str(), ratings.size(),
              ratings.num_users(), ratings.num_items());
  const kindred::any_recommender recommender = train(s, split(ratings, s.seed));

  const std::string user = s.user.empty() ? std::string(ratings.users().id(0)) : s.user;
  const auto list = recommender.recommend(user, static_cast<std::size_t>(s.k));
  std::printf("\nfor user %s%s\n", user.c_str(),
              list.cold_start() ? ", of whom nothing is known: what is popular" : "");
  for (const auto& [item, score] : list.entries())
    std::printf("%8.2f  %s\n", score, std::string(items.text("title")[item]).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const settings s = parse({argv + 1, static_cast<std::size_t>(argc - 1)});
    if (s.help)
      std::fputs(help, stdout);
    else
      run(s);
  } catch (const usage_error& error) {
    std::fprintf(stderr, "%s; see --help\n", error.what());
    return 2;
  } catch (const kindred::option_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
