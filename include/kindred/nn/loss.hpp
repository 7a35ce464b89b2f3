#pragma once

#include <kindred/nn/ranking_loss.hpp>
#include <kindred/nn/rating_loss.hpp>

#include <type_traits>
#include <variant>

namespace kindred::nn {

/// Any loss of either kind, for what can be trained to rate or to rank.
using loss = std::variant<squared_error, absolute_error, huber, cross_entropy, bpr, sampled_softmax,
                          in_batch_softmax, warp>;

/// Throws option_error for the first field outside its range.
inline void check_option(const loss& chosen) {
  std::visit(
      [](const auto& l) {
        if constexpr (pointwise<std::decay_t<decltype(l)>>)
          check_option(rating_loss{l});
        else
          check_option(ranking_loss{l});
      },
      chosen);
}

}  // namespace kindred::nn
