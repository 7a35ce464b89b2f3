#pragma once

#include <string>
#include <utility>

namespace kindred {

/// Which column of a table holds something: by its name, by its position from 1, or found by the
/// usual names. Upper and lower case and signs aside these are
/// - of users: user, userId, uid, customerId, visitorId, reviewerId;
/// - of items: item, itemId, iid, movie, movieId, product, productId, bookId, isbn, asin;
/// - of ratings: rating, ratings, score, value, stars, overall;
/// - of times: timestamp, time, date, ts, datetime;
/// - of weights: weight.
class column_choice {
 public:
  /// By the usual names.
  column_choice() = default;
  column_choice(std::string name) : name_(std::move(name)), kind_(kind::named) {}  // NOLINT: a name
  column_choice(const char* name) : column_choice(std::string(name)) {}            // NOLINT: is one
  column_choice(int position) : position_(position), kind_(kind::placed) {}        // NOLINT
  /// Not read, even if there is one.
  [[nodiscard]] static column_choice none() {
    column_choice column;
    column.kind_ = kind::none;
    return column;
  }

  [[nodiscard]] bool is_usual() const noexcept { return kind_ == kind::usual; }
  [[nodiscard]] bool is_named() const noexcept { return kind_ == kind::named; }
  [[nodiscard]] bool is_placed() const noexcept { return kind_ == kind::placed; }
  [[nodiscard]] bool is_none() const noexcept { return kind_ == kind::none; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] int position() const noexcept { return position_; }

 private:
  enum class kind { usual, named, placed, none };

  std::string name_;
  int position_ = 0;
  kind kind_ = kind::usual;
};

}  // namespace kindred
