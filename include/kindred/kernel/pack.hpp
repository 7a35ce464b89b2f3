#pragma once

#include <cmath>
#include <cstddef>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#define KINDRED_KERNEL_BODY <kindred/kernel/detail/pack_body.inl>
#include <kindred/kernel/detail/foreach_target.inl>
