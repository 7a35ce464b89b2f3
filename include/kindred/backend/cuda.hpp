#pragma once

#include <kindred/backend/als_kernels.hpp>
#include <kindred/backend/concepts.hpp>
#include <kindred/backend/cuda/als_kernels.hpp>
#include <kindred/backend/cuda/knn_kernels.hpp>
#include <kindred/backend/cuda/mf_kernels.hpp>
#include <kindred/backend/cuda/network_kernels.hpp>
#include <kindred/backend/cuda/policy.hpp>
#include <kindred/backend/knn_kernels.hpp>
#include <kindred/backend/network_kernels.hpp>

/// Training on a GPU by CUDA: component kindred::cuda. This header, and what it includes, is plain
/// C++; the device code is compiled apart, in one file of the component.
///
///   if (kindred::backend::cuda::available())
///     model.fit(train, {}, kindred::backend::cuda{});

namespace kindred::backend {

static_assert(execution_backend<cuda>);
static_assert(trainable_mf<cuda, float> && trainable_mf<cuda, double>);
static_assert(trainable_als<cuda> && trainable_knn<cuda> && trainable_network<cuda>);

}  // namespace kindred::backend
