// Includes KINDRED_KERNEL_BODY once for each instruction set, with
//   KINDRED_TARGET        the namespace for it: baseline, avx2, avx512
//   KINDRED_VECTOR_BYTES  the width of its registers
//   KINDRED_NATIVE_VECTORS  if the builtins of AVX2 or AVX-512 are there
// Every function that the body defines is compiled for that set; only code behind a run-time check
// (dispatch.hpp) may call it. The body includes nothing, and hands vectors on by reference only:
// passing them by value depends on the instruction set. A function attribute on a template shared
// by the sets would not do: g++ splits wide vectors before it inlines.

#define KINDRED_TARGET baseline
#define KINDRED_VECTOR_BYTES 16
#include KINDRED_KERNEL_BODY
#undef KINDRED_TARGET
#undef KINDRED_VECTOR_BYTES

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))

#define KINDRED_NATIVE_VECTORS
#define KINDRED_TARGET avx2
#define KINDRED_VECTOR_BYTES 32
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif
#include KINDRED_KERNEL_BODY
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#undef KINDRED_TARGET
#undef KINDRED_VECTOR_BYTES

#define KINDRED_TARGET avx512
#define KINDRED_VECTOR_BYTES 64
#if defined(__clang__)
#pragma clang attribute push(                                                    \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512vl,avx512dq,avx512bw"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512vl,avx512dq,avx512bw")
#endif
#include KINDRED_KERNEL_BODY
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#undef KINDRED_TARGET
#undef KINDRED_VECTOR_BYTES
#undef KINDRED_NATIVE_VECTORS

#endif

#undef KINDRED_KERNEL_BODY
