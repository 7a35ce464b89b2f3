#pragma once

#include <cstddef>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/pack.hpp>

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/exponential_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>
