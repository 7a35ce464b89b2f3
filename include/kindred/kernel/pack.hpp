#pragma once

#include <cstddef>

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/pack_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>
