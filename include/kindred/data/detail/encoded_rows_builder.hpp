#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_field.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace kindred::detail {

/// Takes rows field by field, and last that of the unknown.
class encoded_rows_builder {
 public:
  explicit encoded_rows_builder(std::span<const feature_field> fields) : fields_(fields) {}

  /// Adds to the field in hand; `number` counts from its first slot.
  void operator()(index number, float value) {
    slots_.push_back(fields_[field_].first_slot + number);
    values_.push_back(value);
  }
  void end_field() {
    offsets_.push_back(slots_.size());
    field_ = (field_ + 1) % fields_.size();
  }

  [[nodiscard]] encoded_rows finish(index rows) && {
    return {rows, fields_.size(), std::move(offsets_), std::move(slots_), std::move(values_)};
  }

 private:
  std::span<const feature_field> fields_;
  std::size_t field_ = 0;
  aligned_vector<std::uint64_t> offsets_ = aligned_vector<std::uint64_t>(1, 0);
  aligned_vector<index> slots_;
  aligned_vector<float> values_;
};

}  // namespace kindred::detail
