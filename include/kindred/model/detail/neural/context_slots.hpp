#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/feature_encoder.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace kindred::detail {

/// The slots of the contexts of one sample, on the stack.
class context_slots {
 public:
  static constexpr std::size_t most = 32;

  /// `values` has one for each context, or none; what is beyond the contexts, or `most`, is left
  /// out.
  context_slots(const feature_encoder& features, std::span<const int> values) noexcept
      : count_(std::min({values.size(), features.context_fields().size(), most})) {
    for (std::size_t c = 0; c < count_; ++c) slots_[c] = features.context_slot(c, values[c]);
  }

  [[nodiscard]] std::span<const index> span() const noexcept {
    return std::span(slots_).first(count_);
  }

 private:
  std::array<index, most> slots_{};
  std::size_t count_;
};

}  // namespace kindred::detail
