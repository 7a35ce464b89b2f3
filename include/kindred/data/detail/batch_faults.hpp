#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kindred::detail {

/// Throws data_error, with the name of the source, if the columns of a batch differ in length.
inline void check_shape(const rating_batch& batch, std::string_view name) {
  const std::size_t rows = batch.size();
  const auto optional = [&](std::size_t size) { return size == 0 || size == rows; };
  if (batch.users.size() != rows || batch.items.size() != rows || !optional(batch.times.size()) ||
      !optional(batch.weights.size()) || !optional(batch.lines.size()))
    throw data_error(std::string(name) + ": the columns of a batch differ in length");
}

/// Why a row may not enter a dataset, if it may not.
[[nodiscard]] inline std::optional<rejected_row> fault_of(const rating_batch& batch,
                                                          std::size_t row) {
  const auto fault = [](std::string value, const char* reason) {
    return rejected_row{0, 0, std::move(value), reason};
  };
  if (!std::isfinite(batch.values[row]))
    return fault(to_text(batch.values[row]), "the rating is not finite");
  if (!batch.weights.empty() && !(std::isfinite(batch.weights[row]) && batch.weights[row] > 0))
    return fault(to_text(batch.weights[row]), "the weight is not finite and positive");
  if (!batch.users.texts.empty() && batch.users.texts[row].empty())
    return fault({}, "the user id is empty");
  if (!batch.items.texts.empty() && batch.items.texts[row].empty())
    return fault({}, "the item id is empty");
  return std::nullopt;
}

}  // namespace kindred::detail
