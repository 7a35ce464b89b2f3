#pragma once

#include <kindred/backend/cuda/check.cuh>
#include <kindred/backend/cuda/matrix_product.hpp>
#include <kindred/backend/cuda/memory.cuh>
#include <kindred/backend/cuda/stream.cuh>

#include <cublasLt.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>

namespace kindred::gpu {

/// Throws cuda_error unless `code` is success.
inline void check(cublasStatus_t code, const char* call,
                  const std::source_location& at = std::source_location::current()) {
  if (code != CUBLAS_STATUS_SUCCESS)
    throw cuda_error(call, code, cublasLtGetStatusString(code),
                     std::string(at.file_name()) + ":" + detail::to_text(at.line()));
}

/// Products of matrices by cuBLAS, with a bias and a rectifier in the same pass. Which algorithm it
/// takes for a shape is asked for once; floats are multiplied as floats, not as TF32.
class matrix_products {
 public:
  static constexpr std::size_t workspace_bytes = std::size_t{32} << 20;  // as Hopper is advised

  matrix_products() : workspace_(workspace_bytes, "the workspace of cuBLAS") {
    cublasLtHandle_t made = nullptr;
    check(cublasLtCreate(&made), "cublasLtCreate");
    handle_.reset(made);
  }

  void run(const matrix_product& product, const stream& queue) {
    call& one = prepared(product);
    if (product.bias != nullptr)
      set(one.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, product.bias);
    const float one_product = 1;
    const float others = product.adds ? 1 : 0;
    check(cublasLtMatmul(handle_.get(), &one.operation, &one_product, product.b.data, &one.b,
                         product.a.data, &one.a, &others, product.c, &one.c, product.c, &one.c,
                         &one.algorithm, workspace_.data(), workspace_bytes, queue.get()),
          "cublasLtMatmul");
  }

 private:
  /// What cuBLAS wants to know of a product, which it reads by columns: c' = b' a'.
  struct call {
    cublasLtMatmulDescOpaque_t operation;
    cublasLtMatrixLayoutOpaque_t a;
    cublasLtMatrixLayoutOpaque_t b;
    cublasLtMatrixLayoutOpaque_t c;
    cublasLtMatmulAlgo_t algorithm;
  };
  using shape = std::array<std::size_t, 8>;

  struct release {
    void operator()(cublasLtHandle_t handle) const noexcept {
      static_cast<void>(cublasLtDestroy(handle));
    }
  };

  [[nodiscard]] static shape shape_of(const matrix_product& p) noexcept {
    const std::size_t kind = (p.a.transposed ? 1U : 0U) + (p.b.transposed ? 2U : 0U) +
                             (p.adds ? 4U : 0U) + (p.bias != nullptr ? 8U : 0U) +
                             (p.rectified ? 16U : 0U);
    return {p.rows, p.columns, p.depth, p.a.stride, p.b.stride, p.c_stride, kind};
  }

  call& prepared(const matrix_product& product) {
    const shape key = shape_of(product);
    const auto found = calls_.find(key);
    return found != calls_.end() ? found->second
                                 : calls_.emplace(key, prepare(product)).first->second;
  }

  [[nodiscard]] call prepare(const matrix_product& p) const {
    call made{};
    check(cublasLtMatmulDescInit(&made.operation, CUBLAS_COMPUTE_32F, CUDA_R_32F),
          "cublasLtMatmulDescInit");
    set(made.operation, CUBLASLT_MATMUL_DESC_TRANSA, p.b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(made.operation, CUBLASLT_MATMUL_DESC_TRANSB, p.a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(made.operation, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(p));
    if (p.bias != nullptr) set(made.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
    lay_out(made.a, p.a, p.depth, p.rows);
    lay_out(made.b, p.b, p.columns, p.depth);
    lay_out(made.c, {.stride = p.c_stride}, p.columns, p.rows);
    choose(made);
    return made;
  }

  [[nodiscard]] static cublasLtEpilogue_t epilogue_of(const matrix_product& p) noexcept {
    if (p.bias == nullptr) return p.rectified ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT;
    return p.rectified ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
  }

  /// A matrix that, read by columns, is of rows x columns, or the transposed of it.
  static void lay_out(cublasLtMatrixLayoutOpaque_t& layout, const product_factor& of,
                      std::size_t rows, std::size_t columns) {
    check(cublasLtMatrixLayoutInit(&layout, CUDA_R_32F, of.transposed ? columns : rows,
                                   of.transposed ? rows : columns,
                                   static_cast<std::int64_t>(of.stride)),
          "cublasLtMatrixLayoutInit");
  }

  void choose(call& made) const {
    cublasLtMatmulPreferenceOpaque_t wish{};
    check(cublasLtMatmulPreferenceInit(&wish), "cublasLtMatmulPreferenceInit");
    prefer(wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace_bytes);
    // Sums in a fixed order alone.
    prefer(wish, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
           std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
    for (const auto alignment :
         {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      prefer(wish, alignment, std::uint32_t{16 * sizeof(float)});
    cublasLtMatmulHeuristicResult_t best{};
    int found = 0;
    check(cublasLtMatmulAlgoGetHeuristic(handle_.get(), &made.operation, &made.b, &made.a, &made.c,
                                         &made.c, &wish, 1, &best, &found),
          "cublasLtMatmulAlgoGetHeuristic");
    if (found == 0) check(CUBLAS_STATUS_NOT_SUPPORTED, "cublasLtMatmulAlgoGetHeuristic");
    made.algorithm = best.algo;
  }

  template <class Value>
  static void set(cublasLtMatmulDescOpaque_t& operation, cublasLtMatmulDescAttributes_t attribute,
                  const Value& value) {
    check(cublasLtMatmulDescSetAttribute(&operation, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }
  template <class Value>
  static void prefer(cublasLtMatmulPreferenceOpaque_t& wish,
                     cublasLtMatmulPreferenceAttributes_t attribute, const Value& value) {
    check(cublasLtMatmulPreferenceSetAttribute(&wish, attribute, &value, sizeof value),
          "cublasLtMatmulPreferenceSetAttribute");
  }

  std::unique_ptr<std::remove_pointer_t<cublasLtHandle_t>, release> handle_;
  device_array<std::byte> workspace_;
  std::map<shape, call> calls_;
};

}  // namespace kindred::gpu
