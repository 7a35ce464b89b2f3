#pragma once

#include <kindred/kernel/sigmoid.hpp>

namespace kindred::nn {

using kernel::sigmoid;
using kernel::softplus;

}  // namespace kindred::nn
