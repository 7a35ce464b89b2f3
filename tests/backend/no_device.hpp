#pragma once

#include <kindred/backend/cuda.hpp>

#include <doctest/doctest.h>

namespace kindred::test {

/// Whether a test must be skipped, and says so.
inline bool no_device() {
  if (backend::cuda::available()) return false;
  MESSAGE("SKIPPED: there is no GPU, or no driver for it; nothing of this was run");
  return true;
}

}  // namespace kindred::test
