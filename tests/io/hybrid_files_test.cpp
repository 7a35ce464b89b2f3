#include <kindred/io/save.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/cascade_hybrid.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/model/popularity.hpp>
#include <kindred/model/stacked_hybrid.hpp>
#include <kindred/model/switching_hybrid.hpp>
#include <kindred/model/weighted_hybrid.hpp>
#include <kindred/model/weighted_ranking.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../data/support.hpp"
#include "../temporary_folder.hpp"

namespace kindred::hybrid_files_test {

namespace {

dataset ratings() { return test::random_dataset(2000, 40, 30, 5); }
const matrix_factorization<> factors{{.factors = 4, .epochs = 3}};

template <class Model>
Model fitted(Model model) {
  model.fit(ratings());
  return model;
}

template <class Model>
void check_round_trip(const Model& model) {
  const temporary_folder folder;
  save(model, folder.path("hybrid"));
  const auto loaded = load_model<Model>(folder.path("hybrid"));
  CHECK(loaded.options() == model.options());
  std::vector<float> scores(static_cast<std::size_t>(model.num_items()));
  std::vector<float> again(scores.size());
  for (index u = -1; u <= model.num_users(); ++u) {
    model.score(u, scores);
    loaded.score(u, again);
    CHECK(again == scores);
    if constexpr (rating_model<Model>)
      for (index i = -1; i <= model.num_items(); ++i)
        CHECK(loaded.predict(u, i) == model.predict(u, i));
  }
}

/// A file of a weighted hybrid that may be anything.
struct forged_hybrid {
  static constexpr std::string_view kind = "weighted_hybrid";

  baseline_model first = fitted(baseline_model{});
  baseline_model second = first;
  aligned_vector<double> weights = {0, 0.5, 0.5};
  float low = 1;
  double regularization = 1;

  template <class Writer>
  void write(Writer& out) const {
    out.set("regularization", regularization);
    out.set("held_out", 0.1);
    out.set("seed", 42);
    out.add("part0", first);
    out.add("part1", second);
    out.add("weights", shared_array<double>(weights), {1, weights.size()});
    out.set("low", low);
    out.set("high", 5.0F);
  }
};

/// Of a switching hybrid.
struct forged_switch {
  static constexpr std::string_view kind = "switching_hybrid";

  index item_ratings = 7;

  template <class Writer>
  void write(Writer& out) const {
    out.set("min_user_ratings", 5);
    out.set("min_item_ratings", 3);
    out.add("part0", fitted(baseline_model{}));
    out.add("part1", fitted(baseline_model{}));
    out.add("user_ratings", shared_array<index>({1, 2, 3}), {3});
    out.add("item_ratings", shared_array<index>({0, item_ratings}), {2});
  }
};

struct forged_cascade {
  static constexpr std::string_view kind = "cascade_hybrid";

  int candidates = 5;
  index item = 29;

  template <class Writer>
  void write(Writer& out) const {
    out.set("candidates", candidates);
    out.add("part0", fitted(baseline_model{}));
    out.add("part1", fitted(baseline_model{}));
    out.add("rated_offsets", shared_array<index>({0, 2}), {2});
    out.add("rated_items", shared_array<index>({3, item}), {2});
  }
};

template <class Model = weighted_hybrid<baseline_model, baseline_model>, class Forged>
std::string refusal_of(const Forged& forged) {
  const temporary_folder folder;
  const std::string path = folder.path("hybrid");
  save(forged, path);
  try {
    (void)load_model<Model>(path);
  } catch (const format_error& error) {
    return std::string(error.what()).substr(path.size() + 2);
  }
  return "no error";
}

}  // namespace

TEST_CASE("hybrids come back from their files as they were") {
  check_round_trip(fitted(weighted_hybrid{{.regularization = 2, .held_out = 0.2, .seed = 7},
                                          factors,
                                          baseline_model{},
                                          popularity_model{}}));
  check_round_trip(fitted(stacked_hybrid{
      {.item_ratings = false, .blend = {.regularization = 3}}, factors, baseline_model{}}));
  check_round_trip(fitted(weighted_ranking{factors, popularity_model{}}));
  check_round_trip(fitted(switching_hybrid{
      {.min_user_ratings = 30, .min_item_ratings = 50}, popularity_model{}, factors}));
  check_round_trip(fitted(cascade_hybrid{{.candidates = 7}, popularity_model{}, factors}));
  check_round_trip(weighted_hybrid{fitted(factors), fitted(baseline_model{})});
  check_round_trip(weighted_hybrid{fitted(weighted_hybrid{factors, baseline_model{}}),
                                   fitted(popularity_model{})});
}

TEST_CASE("a file that is no such hybrid is refused") {
  CHECK(refusal_of(forged_hybrid{}) == "no error");
  CHECK(refusal_of<weighted_hybrid<baseline_model, popularity_model>>(forged_hybrid{}) ==
        "expected a model of kind popularity_model, found: 'baseline_model'");
  CHECK(refusal_of<stacked_hybrid<baseline_model, baseline_model>>(forged_hybrid{}) ==
        "expected a model of kind stacked_hybrid, found: 'weighted_hybrid'");
  CHECK(refusal_of<weighted_hybrid<baseline_model, baseline_model, baseline_model>>(
            forged_hybrid{}) == "no such value in the metadata: 'part2.kind'");
  CHECK(refusal_of(forged_hybrid{.low = 6}) == "low is greater than high");
  CHECK(refusal_of(forged_hybrid{.weights = {0, 1}}) == "wrong shape of a tensor: 'weights'");
  CHECK(refusal_of(forged_hybrid{.regularization = -1}) ==
        "option regularization = -1 is not in [0, 1e12)");
  using of_two = switching_hybrid<baseline_model, baseline_model>;
  CHECK(refusal_of<of_two>(forged_switch{}) == "no error");  // unknown ones have no ratings
  CHECK(refusal_of<of_two>(forged_switch{-1}) == "a number of ratings is negative");
  using cascade = cascade_hybrid<baseline_model, baseline_model>;
  CHECK(refusal_of<cascade>(forged_cascade{}) == "no error");
  CHECK(refusal_of<cascade>(forged_cascade{.item = 30}) ==
        "the lists of rated items contradict each other");
  CHECK(refusal_of<cascade>(forged_cascade{.candidates = 2000}) ==
        "option candidates = 2000 is not in [1, 1000]");
  forged_hybrid uneven;
  uneven.second.fit(test::random_dataset(500, 40, 31, 5));
  CHECK(refusal_of(uneven) == "weighted_hybrid: sizes differ: 40 users and 30 items, 40 and 31");
}

}  // namespace kindred::hybrid_files_test
