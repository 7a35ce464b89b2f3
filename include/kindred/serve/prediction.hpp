#pragma once

#include <string>
#include <string_view>

namespace kindred {

/// What someone thinks of an item.
struct item_rating {
  std::string_view item;
  float rating = 0;
};

/// What was known of the ids of a prediction.
enum class prediction_status { known, unknown_user, unknown_item, unknown_both };

/// A predicted rating; for an unknown id it is the fallback that the model documents.
struct prediction {
  float rating = 0;
  prediction_status status = prediction_status::known;
};

/// A prediction of a list, with the item as it was asked for.
struct item_prediction {
  std::string item;
  float rating = 0;
  prediction_status status = prediction_status::known;
};

}  // namespace kindred
