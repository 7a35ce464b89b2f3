#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/id_map_builder.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/model/matrix_factorization.hpp>
#include <kindred/serve/live_recommender.hpp>

#include <Eigen/Dense>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support.hpp"

namespace kindred::test {

struct text_rating {
  std::string user;
  std::string item;
  float value = 0;
  float weight = 1;
  std::int64_t time = 0;
};

/// A batch and the text that it points to.
class text_batch {
 public:
  text_batch() = default;
  explicit text_batch(std::vector<text_rating> rows, bool weights = false)
      : rows_(std::move(rows)) {
    for (const text_rating& row : rows_) {
      batch_.users.texts.push_back(row.user);
      batch_.items.texts.push_back(row.item);
      batch_.values.push_back(row.value);
      if (weights) batch_.weights.push_back(row.weight);
    }
  }
  text_batch(const text_batch&) = delete;
  text_batch& operator=(const text_batch&) = delete;

  [[nodiscard]] rating_batch& get() noexcept { return batch_; }

 private:
  std::vector<text_rating> rows_;
  rating_batch batch_;
};

template <class Live>
live_counts apply(Live& live, std::vector<text_rating> rows) {
  text_batch batch(std::move(rows));
  return live.apply(batch.get());
}

/// Seeded ratings of users u0 .. and items i0 .., of which those from `known` on are new ones.
inline std::vector<text_rating> random_ratings(std::size_t count, index users, index items,
                                               std::uint64_t seed) {
  std::vector<text_rating> rows;
  const rating_columns columns = random_columns(count, users, items, seed);
  for (std::size_t r = 0; r < count; ++r)
    rows.push_back({"u" + std::to_string(columns.users[r]), "i" + std::to_string(columns.items[r]),
                    columns.values[r]});
  return rows;
}

/// `data` and then some more ratings, made from scratch; new ids come in the order of the ratings.
inline dataset with_ratings(const dataset& data, const std::vector<text_rating>& more) {
  id_map_builder users(data.users());
  id_map_builder items(data.items());
  rating_columns columns;
  for (const rating& r : ratings_of(data)) {
    columns.users.push_back(r.user);
    columns.items.push_back(r.item);
    columns.values.push_back(r.value);
  }
  for (const text_rating& r : more) {
    columns.users.push_back(users.intern(std::string_view(r.user)));
    columns.items.push_back(items.intern(std::string_view(r.item)));
    columns.values.push_back(r.value);
  }
  return make_dataset(users.finish(), items.finish(), std::move(columns));
}

/// A dataset without times and weights.
inline dataset plain_dataset(std::size_t rows, index users, index items, std::uint64_t seed) {
  auto columns = random_columns(rows, users, items, seed);
  columns.times.clear();
  columns.weights.clear();
  return make_dataset(numbered_ids(users, "u"), numbered_ids(items, "i"), std::move(columns));
}

/// The row (p, b) that minimises sum w (r - mean - b' - b - p.q)^2 + n (l |p|^2 + l' b^2), by a QR
/// decomposition of the stacked least-squares problem.
template <class Scalar>
Eigen::VectorXd reference_row(const matrix_factorization<Scalar>& model,
                              const std::vector<rated_entry<Scalar>>& ratings) {
  const auto factors = static_cast<Eigen::Index>(model.factors());
  const auto n = static_cast<Eigen::Index>(ratings.size());
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(n + factors + 1, factors + 1);
  Eigen::VectorXd b = Eigen::VectorXd::Zero(n + factors + 1);
  for (Eigen::Index r = 0; r < n; ++r) {
    const auto& [other, rating, weight] = ratings[static_cast<std::size_t>(r)];
    for (Eigen::Index f = 0; f < factors; ++f) a(r, f) = static_cast<double>(other.factors[f]);
    a(r, factors) = 1;
    b(r) = static_cast<double>(rating) - model.mean() - static_cast<double>(other.bias);
    a.row(r) *= std::sqrt(static_cast<double>(weight));
    b(r) *= std::sqrt(static_cast<double>(weight));
  }
  const auto count = static_cast<double>(n);
  for (Eigen::Index f = 0; f < factors; ++f)
    a(n + f, f) = std::sqrt(count * model.options().regularization);
  a(n + factors, factors) = std::sqrt(count * model.options().bias_regularization);
  return a.colPivHouseholderQr().solve(b);
}

/// All that a snapshot of a factorization answers to everybody: bits that can be compared.
template <class Model>
std::vector<scored_item> all_answers(const live_snapshot<Model>& snapshot) {
  std::vector<scored_item> all;
  const auto add = [&](const recommendations& list) {
    for (const auto& entry : list.entries()) all.push_back(entry);
  };
  for (index u = 0; u < snapshot.users().size(); ++u) {
    const auto user = snapshot.users().id(u);
    add(snapshot.recommend(user, 12));
    if constexpr (rating_model<Model>)
      for (index i = 0; i < snapshot.items().size(); ++i)
        all.push_back({i, snapshot.predict(user, snapshot.items().id(i)).rating});
  }
  add(snapshot.recommend("nobody", 1000));
  if constexpr (latent_model<Model>)
    for (index i = 0; i < snapshot.items().size(); ++i)
      add(snapshot.similar_items(snapshot.items().id(i), 5));
  return all;
}

/// A log of batches that can be read from any place again and again; a position is a number.
class log_feed {
 public:
  void append(std::vector<text_rating> rows) { log_.emplace_back(std::move(rows)); }

  void poll(rating_batch& batch) {
    batch.clear();
    if (next_ == log_.size()) return;
    batch = log_[next_++].get();
  }
  [[nodiscard]] std::string position() const { return std::to_string(next_); }
  void seek(std::string_view position) {
    std::size_t at = 0;
    const auto [end, code] =
        std::from_chars(position.data(), position.data() + position.size(), at);
    if (code != std::errc{} || end != position.data() + position.size() || at > log_.size())
      throw format_error("log", 0, 0, std::string(position), "is no position of the log");
    next_ = at;
  }

 private:
  std::deque<text_batch> log_;
  std::size_t next_ = 0;
};

}  // namespace kindred::test
