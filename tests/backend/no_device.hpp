#pragma once

#include <kindred/backend/cuda.hpp>
#include <kindred/core/error.hpp>
#include <kindred/data/dataset.hpp>

#include <doctest/doctest.h>

namespace kindred::test {

/// Whether a test must be skipped, and says so.
inline bool no_device() {
  if (backend::cuda::available()) return false;
  MESSAGE("SKIPPED: there is no GPU, or no driver for it; nothing of this was run");
  return true;
}

/// Where there is none, a fit there says so, and leaves the model as it was.
template <class Model>
void check_fit_without_device(const dataset& train) {
  if (backend::cuda::available()) return;
  Model model;
  CHECK_THROWS_AS(model.fit(train, {}, backend::cuda{}), cuda_error);
  CHECK_FALSE(model.fitted());
}

}  // namespace kindred::test
