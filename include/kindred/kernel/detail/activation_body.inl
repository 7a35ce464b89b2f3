// The arithmetic of activations, for every instruction set and, number by number, for the GPU.
// Wants core/host_device.hpp, kernel/activation_function.hpp and, in KINDRED_TARGET, exponentiate.
namespace kindred::kernel::KINDRED_TARGET {

/// x = Phi(x), the normal distribution, within 1e-7 (Abramowitz and Stegun, 1964, 7.1.26).
[[gnu::always_inline]] KINDRED_HOST_DEVICE inline void normal_probability(
    pack_t<float>& x) noexcept {
  using vector = pack_t<float>;
  const vector z = (x < 0 ? -x : x) * 0.707106781F;
  const vector t = 1 / (0.3275911F * z + 1);
  vector series = 1.061405429F * t + -1.453152027F;
  series = series * t + 1.421413741F;
  series = series * t + -0.284496736F;
  series = series * t + 0.254829592F;
  vector power = -z * z;
  exponentiate(power);
  const vector half_tail = 0.5F * (series * t * power);
  x = x < 0 ? half_tail : 1 - half_tail;
}

template <activation Function>
struct activator {
  using vector = pack_t<float>;

  KINDRED_HOST_DEVICE static void apply(float* x, std::size_t count) noexcept {
    if constexpr (Function == activation::linear) return;
    for (std::size_t i = 0; i < count; i += pack<float>::lanes) {
      vector v;
      load(v, x + i);
      value(v);
      store(x + i, v);
    }
  }

  KINDRED_HOST_DEVICE static void derive(const float* at, float* gradients,
                                         std::size_t count) noexcept {
    if constexpr (Function == activation::linear) return;
    for (std::size_t i = 0; i < count; i += pack<float>::lanes) {
      vector v;
      vector gradient;
      load(v, at + i);
      load(gradient, gradients + i);
      derivative(v);
      gradient = gradient * v;
      store(gradients + i, gradient);
    }
  }

 private:
  static constexpr float leak = 0.01F;

  [[gnu::always_inline]] KINDRED_HOST_DEVICE static inline void value(vector& x) noexcept {
    if constexpr (Function == activation::relu) {
      x = x < 0 ? vector{} : x;  // lets NaN through
    } else if constexpr (Function == activation::leaky_relu) {
      x = x < 0 ? leak * x : x;
    } else if constexpr (Function == activation::sigmoid) {
      x = -x;
      exponentiate(x);
      x = 1 / (1 + x);
    } else if constexpr (Function == activation::tanh) {
      x = 2 * x;
      exponentiate(x);
      x = 1 - 2 / (1 + x);
    } else if constexpr (Function == activation::gelu) {
      vector share = x;
      normal_probability(share);
      x = x * share;
    }
  }

  [[gnu::always_inline]] KINDRED_HOST_DEVICE static inline void derivative(vector& y) noexcept {
    if constexpr (Function == activation::relu) {
      y = y > 0 ? vector{} + 1 : vector{};
    } else if constexpr (Function == activation::leaky_relu) {
      y = y > 0 ? vector{} + 1 : vector{} + leak;
    } else if constexpr (Function == activation::sigmoid) {
      y = y * (1 - y);
    } else if constexpr (Function == activation::tanh) {
      y = 1 - y * y;
    } else if constexpr (Function == activation::gelu) {
      vector density = -0.5F * y * y;
      exponentiate(density);
      vector share = y;
      normal_probability(share);
      y = share + y * (0.39894228F * density);
    }
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
