#pragma once

#include <cstddef>
#include <string_view>

namespace kindred::backend {

/// In which order a GPU takes the steps of stochastic gradient descent.
enum class cuda_order {
  reproducible,  ///< stratum after stratum: the same bits from the same kind of device
  asynchronous   ///< strata overlap, so that some steps are lost to others; bits vary, and it is
                 ///< faster
};

/// What a factor is kept as on the device. Arithmetic is that of the model's scalars in any case.
enum class cuda_storage {
  full,  ///< as the model's scalars
  half   ///< 16 bits, for models of float: half the traffic, and 11 bits of each factor
};

/// An NVIDIA GPU. What is trained there is the same host type as on the processor.
struct cuda {
  static constexpr std::string_view name = "cuda";

  int device = 0;  ///< as CUDA counts them
  cuda_order order = cuda_order::reproducible;
  cuda_storage storage = cuda_storage::full;
  /// Device memory to stay within, in bytes; 0 for most of what is free. Ratings that do not fit
  /// are streamed, with the same result.
  std::size_t memory = 0;

  /// Whether there is a device, and a driver that is new enough for it.
  [[nodiscard]] static bool available() noexcept;
  /// Throws cuda_error if there is none, option_error if there is none of this number.
  void require_device() const;

  friend bool operator==(const cuda&, const cuda&) = default;
};

}  // namespace kindred::backend
