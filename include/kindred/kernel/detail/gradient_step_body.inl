// The arithmetic of one step, for every instruction set and, number by number, for the GPU. Wants
// core/host_device.hpp and kernel/step_rule.hpp.
namespace kindred::kernel::KINDRED_TARGET {

/// In place, correctly rounded.
[[gnu::always_inline]] KINDRED_HOST_DEVICE inline void take_root(pack_t<float>& x) noexcept {
#if !defined(KINDRED_VECTOR_BYTES)
  x = std::sqrt(x);
#elif KINDRED_VECTOR_BYTES > 16
  // Not the intrinsic, whose header takes a third of a second to parse.
  asm("vsqrtps %1, %0" : "=v"(x) : "v"(x));
#elif defined(__SSE__)
  x = pack_t<float>(_mm_sqrt_ps(x));
#else
  for (std::size_t lane = 0; lane < pack<float>::lanes; ++lane) x[lane] = std::sqrt(x[lane]);
#endif
}

/// Numbers below the normal ones, which processors are slow on, become zero.
[[gnu::always_inline]] KINDRED_HOST_DEVICE inline void flush(pack_t<float>& x) noexcept {
  constexpr float least = 1.17549435e-38F;
  x = (x < 0 ? -x : x) < least ? pack_t<float>{} : x;
}

/// average = keep average + take news.
[[gnu::always_inline]] KINDRED_HOST_DEVICE inline void update(pack_t<float>& average,
                                                              const pack_t<float>& news,
                                                              const running_average& by) noexcept {
  average = by.keep * average + by.take * news;
  flush(average);
}

template <step_rule Rule>
struct stepper {
  using vector = pack_t<float>;
  static constexpr bool has_first = Rule != step_rule::sgd && Rule != step_rule::mean_square;
  static constexpr bool has_second =
      Rule == step_rule::mean_square || Rule == step_rule::adam || Rule == step_rule::ftrl;

  KINDRED_HOST_DEVICE static void run(const gradient_step& step, const float* gradients,
                                      std::size_t count, float* parameters, float* a,
                                      float* b) noexcept {
    const gradient_step s = step;
    float* const squares = has_first ? b : a;
    for (std::size_t i = 0; i < count; i += pack<float>::lanes) {
      vector w, g, first{}, second{};
      load(w, parameters + i);
      load(g, gradients + i);
      if constexpr (has_first) load(first, a + i);
      if constexpr (has_second) load(second, squares + i);
      prepare(s, w, g);
      if constexpr (Rule == step_rule::ftrl)
        follow_leader(s, g, w, first, second);
      else
        descend(s, g, w, first, second);
      store(parameters + i, w);
      if constexpr (has_first) store(a + i, first);
      if constexpr (has_second) store(squares + i, second);
    }
  }

 private:
  /// Turns the gradient of the loss into that of the objective.
  [[gnu::always_inline]] KINDRED_HOST_DEVICE static inline void prepare(const gradient_step& s,
                                                                        const vector& w,
                                                                        vector& g) noexcept {
    const vector bound = vector{} + s.gradient_bound;
    const vector l1 = vector{} + s.l1;
    g = s.gradient_scale * g;
    g = g > bound ? bound : g;  // comparisons that let NaN through
    g = g < -bound ? -bound : g;
    g = s.l2 * w + g;
    g += w > 0 ? l1 : (w < 0 ? -l1 : vector{});
  }

  [[gnu::always_inline]] KINDRED_HOST_DEVICE static inline void descend(const gradient_step& s,
                                                                        const vector& g, vector& w,
                                                                        vector& first,
                                                                        vector& second) noexcept {
    if constexpr (has_first) update(first, g, s.first);
    if constexpr (has_second) update(second, g * g, s.second);
    vector direction = has_first ? first : g;
    if constexpr (Rule == step_rule::nesterov) direction = s.first.keep * first + g;
    if constexpr (has_second) {
      vector divisor = second;
      take_root(divisor);
      direction /= divisor + s.epsilon;
    }
    w = w - s.weight_decay * w;
    w = w - s.rate * direction;
  }

  [[gnu::always_inline]] KINDRED_HOST_DEVICE static inline void follow_leader(
      const gradient_step& s, const vector& gradient, vector& w, vector& first,
      vector& second) noexcept {
    const vector g = s.rate * gradient;
    vector before = second;
    take_root(before);
    second = g * g + second;
    vector after = second;
    take_root(after);
    const vector share = (after - before) / s.alpha;
    first = first + (g - share * w);
    const vector l1 = vector{} + s.proximal_l1;
    // Held to [-l1, l1], so that their difference is what the penalty leaves.
    vector held = first > l1 ? l1 : first;
    held = held < -l1 ? -l1 : held;
    w = (held - first) / ((s.beta + after) / s.alpha + s.proximal_l2);
  }
};

}  // namespace kindred::kernel::KINDRED_TARGET
