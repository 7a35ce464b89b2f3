#pragma once

#include <kindred/model/detail/neural/network_state.hpp>
#include <kindred/train/training_loop.hpp>

namespace kindred::detail {

/// A network in training, wherever its numbers are meanwhile.
class network_training {
 public:
  network_training() = default;
  network_training(const network_training&) = delete;
  network_training& operator=(const network_training&) = delete;
  virtual ~network_training() = default;

  /// One pass over all events; ends early when the stop token asks or the loss is no number.
  virtual epoch_result run_epoch(int epoch) = 0;
  /// What epoch_trainer says.
  virtual void keep() = 0;
  virtual void restore() = 0;

  /// The present numbers: its parameters and table alone, or all of it.
  virtual const network_state& numbers() = 0;
  virtual const network_state& state() = 0;
};

}  // namespace kindred::detail
