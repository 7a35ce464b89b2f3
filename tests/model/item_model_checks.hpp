#pragma once

#include <kindred/backend/serial.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/concepts.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "../temporary_folder.hpp"

// What every model of items has to keep to.
namespace kindred::test {

/// The answers to all questions, about indices that are not known, too.
template <class Model>
std::vector<float> answers_of(const Model& model) {
  std::vector<index> users = {std::numeric_limits<index>::min(), std::numeric_limits<index>::max()};
  for (index u = -1; u <= model.num_users(); ++u) users.push_back(u);
  std::vector<float> answers;
  for (const index u : users) {
    std::vector<float> scores(static_cast<std::size_t>(model.num_items()));
    model.score(u, scores);
    answers.insert(answers.end(), scores.begin(), scores.end());
    if constexpr (rating_model<Model>) {
      for (index i = -1; i <= model.num_items(); ++i) answers.push_back(model.predict(u, i));
      answers.push_back(model.predict(u, std::numeric_limits<index>::max()));
    }
  }
  return answers;
}

template <class Model>
bool all_finite(const Model& model) {
  for (const float answer : answers_of(model))
    if (!std::isfinite(answer)) return false;
  return true;
}

/// Same users and items as `random_dataset`, without times and weights.
inline dataset plain_dataset(std::size_t rows, index users, index items, std::uint64_t seed) {
  auto columns = random_columns(rows, users, items, seed);
  columns.times.clear();
  columns.weights.clear();
  return make_dataset(numbered_ids(users), numbered_ids(items), std::move(columns));
}

/// The data that spoil models: one user; one item; ratings all alike; an item that nobody rated
/// together with another, and a user and an item without ratings.
inline std::vector<dataset> odd_datasets() {
  const auto make = [](index users, index items, const std::vector<index>& user,
                       const std::vector<index>& item, const std::vector<float>& value) {
    return make_dataset(numbered_ids(users), numbered_ids(items), user, item, value);
  };
  return {make(1, 1, {0}, {0}, {3}),
          make(1, 3, {0, 0, 0}, {0, 1, 2}, {1, 5, 3}),
          make(3, 1, {0, 1, 2}, {0, 0, 0}, {1, 5, 3}),
          make(2, 2, {0, 0, 1, 1}, {0, 1, 0, 1}, {4, 4, 4, 4}),
          make(2, 2, {0, 0, 1, 1}, {0, 1, 0, 1}, {0, 0, 0, 0}),
          make(4, 5, {0, 0, 1, 1, 2}, {0, 1, 0, 1, 3}, {2, -4, 3, 5, 1})};
}

/// Fits copies of `model` on several backends and numbers of threads and compares all answers.
template <class Model>
void check_same_bits_everywhere(const Model& model, const dataset& train) {
  const auto answers_on = [&](const auto& backend) {
    Model fitted = model;
    fitted.fit(train, {}, backend);
    return answers_of(fitted);
  };
  const auto reference = answers_on(backend::serial{});
  for (const int threads : {1, 2, 8})
    CHECK(on_threads(threads, [&] { return answers_on(backend::tbb{}); }) == reference);
}

/// A fit that throws leaves the model as it was.
template <class Model>
void check_failed_fits(Model model) {
  model.fit(plain_dataset(100, 10, 12, 1));
  const auto before = answers_of(model);
  const dataset other = plain_dataset(2000, 100, 70, 2);
  std::stop_source stop;
  CHECK_THROWS_AS(model.fit(dataset()), data_error);
  CHECK_THROWS_AS(model.fit(other, {.validation = dataset()}), data_error);
  const auto throwing = [](const epoch_report&) -> training { throw std::runtime_error("no"); };
  CHECK_THROWS_AS(model.fit(other, {.observer = throwing}), std::runtime_error);
  stop.request_stop();
  CHECK_THROWS_AS(model.fit(other, {.stop = stop.get_token()}), cancelled);
  CHECK(answers_of(model) == before);
}

/// A model comes back from its file as it was, and only a fitted one goes there.
template <class Model>
void check_round_trip(Model model) {
  const temporary_folder folder;
  const std::string path = folder.path("model");
  CHECK_THROWS_AS(save(Model(), path), not_fitted_error);
  model.fit(plain_dataset(900, 61, 29, 1));
  save(model, path);
  const auto loaded = load_model<Model>(path);
  std::filesystem::remove(path);
  CHECK(loaded.options() == model.options());
  CHECK(answers_of(loaded) == answers_of(model));
}

/// Writes a model, but for one element of one array.
template <class T>
class tampering_writer {
 public:
  tampering_writer(tensor_writer& out, std::string_view name, std::size_t at, T value)
      : out_(out), name_(name), at_(at), value_(value) {}

  template <class Value>
  void set(std::string_view name, const Value& value) {
    out_.set(name, value);
  }
  template <class Element>
  void add(std::string_view name, const shared_array<Element>& array,
           std::initializer_list<std::size_t> shape) {
    if constexpr (std::is_same_v<Element, T>) {
      if (name == name_) {
        aligned_vector<T> changed(array.begin(), array.end());
        changed.at(at_) = value_;
        return out_.add(name, shared_array<T>(std::move(changed)), shape);
      }
    }
    out_.add(name, array, shape);
  }
  [[nodiscard]] tensor_writer nested(std::string_view name) const { return out_.nested(name); }

 private:
  tensor_writer& out_;
  std::string_view name_;
  std::size_t at_;
  T value_;
};

/// Whether loading refuses a file of a fitted model with that one element in it.
template <class T, class Model>
bool refuses(const Model& model, std::string_view array, std::size_t at, T value) {
  const temporary_folder folder;
  tensor_writer out(Model::kind);
  tampering_writer<T> tampering(out, array, at, value);
  model.write(tampering);
  out.save(folder.path("model"));
  try {
    (void)load_model<Model>(folder.path("model"));
  } catch (const format_error&) {
    return true;
  }
  return false;
}

}  // namespace kindred::test
