#pragma once

#include <kindred/data/id_map.hpp>
#include <kindred/model/explanation.hpp>
#include <kindred/model/similarity.hpp>
#include <kindred/serve/prediction.hpp>

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// What one rating contributes to an answer; reads as `[id, similarity, rating, part]`.
struct reason {
  std::string_view id;   ///< an item that the user rated, or a user who rated the item
  float similarity = 0;  ///< of it to the item asked for, or of him to the user
  float rating = 0;
  double part = 0;  ///< what is added for it
};

/// Why a recommender answers as it does: `base()` and the parts add up to `value()`.
///
///   const auto why = recommender.explain("42", "Alien");
///   for (const auto& [id, similarity, rating, part] : why) ...
///
/// The ids live as long as this or a copy of it, whatever becomes of the recommender.
class reasons {
 public:
  /// `ids` are those of the side that the explanation names.
  reasons(id_map ids, const explanation& why, prediction_status status)
      : ids_(std::move(ids)), side_(why.side), value_(why.value), base_(why.base), status_(status) {
    parts_.reserve(why.parts.size());
    for (const explanation_part& one : why.parts)
      parts_.push_back({ids_.id(one.neighbor), one.similarity, one.rating, one.part});
  }

  /// Whether the reasons are items that the user rated, or users who rated the item.
  [[nodiscard]] axis side() const noexcept { return side_; }
  /// The rating or the score that is explained. A rating is not held to the range of the ratings.
  [[nodiscard]] float value() const noexcept { return value_; }
  /// What is expected without any of the parts.
  [[nodiscard]] double base() const noexcept { return base_; }
  /// What was known of the ids; there are no parts if one was not.
  [[nodiscard]] prediction_status status() const noexcept { return status_; }

  [[nodiscard]] std::size_t size() const noexcept { return parts_.size(); }
  [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }
  [[nodiscard]] const reason& operator[](std::size_t n) const noexcept { return parts_[n]; }
  [[nodiscard]] auto begin() const noexcept { return parts_.begin(); }
  [[nodiscard]] auto end() const noexcept { return parts_.end(); }

 private:
  id_map ids_;
  axis side_;
  float value_;
  double base_;
  prediction_status status_;
  std::vector<reason> parts_;
};

}  // namespace kindred
