#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/features.hpp>
#include <kindred/nn/option_fields.hpp>
#include <kindred/nn/rating_loss.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace kindred {

/// One of the things that a network learns about users and items, with an output of its own.
struct rating_task {
  std::string name{};
  nn::rating_loss loss = nn::squared_error{};
  double weight = 1;                 ///< of its loss in the sum of all, > 0
  std::optional<float> at_least{};   ///< learns 1 for ratings of at least this, 0 for others
  bool negatives = false;            ///< learns 0 for the items that are drawn at random
  std::optional<dataset> ratings{};  ///< another kind of event, instead of the training ratings
};

template <maybe_const<rating_task> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("name", o.name);
  field("loss", o.loss);
  field("weight", o.weight);
  field("at_least", o.at_least);
  field("negatives", o.negatives);
  // Of the ratings, only that there are some: those that are read are none.
  bool has_ratings = o.ratings.has_value();
  field("has_ratings", has_ratings);
  if constexpr (!std::is_const_v<Options>)
    if (has_ratings && !o.ratings) o.ratings.emplace();
}

/// Throws option_error for an option outside its range, data_error if two tasks have one name.
inline void check_options(const std::vector<rating_task>& tasks) {
  require_option(!tasks.empty(), "tasks", tasks.size(), "at least one");
  require_option(tasks.size() <= 256, "tasks", tasks.size(), "[1, 256]");
  detail::require_distinct("task", tasks);
  for (const rating_task& task : tasks) {
    nn::check_option(task.loss);
    require_option(task.weight > 0 && task.weight < 1e6, "weight", task.weight, "(0, 1e6)");
    require_option(!task.at_least || std::isfinite(*task.at_least), "at_least",
                   task.at_least.value_or(0), "the finite numbers");
  }
}

}  // namespace kindred
