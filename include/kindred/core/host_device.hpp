#pragma once

/// Marks arithmetic that runs on the processor and on a GPU alike; nothing without a CUDA compiler.
#if defined(__CUDACC__)
#define KINDRED_HOST_DEVICE __host__ __device__
#else
#define KINDRED_HOST_DEVICE
#endif
