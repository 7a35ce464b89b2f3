#pragma once

#include <kindred/core/error.hpp>

#include <string>
#include <string_view>
#include <variant>

/// Optimizers: how the gradient g of a batch's loss moves a parameter w. Each names its equations,
/// in which lr is the learning rate times the factor of the schedule, and its source. The numbers
/// that one keeps beside w start at zero where nothing else is said.
///
/// Of an embedding table only the rows that a batch reads are stepped, and what is kept beside the
/// others stays as it is. Where t is the number of the step, it is that of all steps, not of the
/// row's (the "lazy" Adam of TensorFlow and PyTorch).
namespace kindred::nn {

/// w -= lr g (Robbins and Monro 1951).
struct sgd {
  static constexpr std::string_view name = "sgd";
  double learning_rate = 0.01;  ///< > 0

  friend bool operator==(const sgd&, const sgd&) = default;
};

/// v = beta v + g; w -= lr v (Polyak 1964).
struct momentum {
  static constexpr std::string_view name = "momentum";
  double learning_rate = 0.01;  ///< > 0
  double beta = 0.9;            ///< in [0, 1)

  friend bool operator==(const momentum&, const momentum&) = default;
};

/// v = beta v + g; w -= lr (g + beta v) (Nesterov 1983, in the form of Sutskever, Martens, Dahl,
/// Hinton, "On the importance of initialization and momentum in deep learning", ICML 2013).
struct nesterov {
  static constexpr std::string_view name = "nesterov";
  double learning_rate = 0.01;  ///< > 0
  double beta = 0.9;            ///< in [0, 1)

  friend bool operator==(const nesterov&, const nesterov&) = default;
};

/// s += g^2; w -= lr g / (sqrt(s) + epsilon) (Duchi, Hazan, Singer, "Adaptive subgradient methods
/// for online learning and stochastic optimization", JMLR 2011).
struct adagrad {
  static constexpr std::string_view name = "adagrad";
  double learning_rate = 0.01;  ///< > 0
  double initial_square = 0;    ///< that s starts from, >= 0
  double epsilon = 1e-10;       ///< in [1e-30, 1]

  friend bool operator==(const adagrad&, const adagrad&) = default;
};

/// s = beta s + (1 - beta) g^2; w -= lr g / (sqrt(s) + epsilon) (Tieleman and Hinton, "Neural
/// networks for machine learning", lecture 6.5, 2012).
struct rmsprop {
  static constexpr std::string_view name = "rmsprop";
  double learning_rate = 1e-3;  ///< > 0
  double beta = 0.9;            ///< in [0, 1)
  double epsilon = 1e-8;        ///< in [1e-30, 1]

  friend bool operator==(const rmsprop&, const rmsprop&) = default;
};

/// m = beta1 m + (1 - beta1) g; s = beta2 s + (1 - beta2) g^2;
/// w -= lr (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon) in step t = 1, 2, ... (Kingma
/// and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1).
struct adam {
  static constexpr std::string_view name = "adam";
  double learning_rate = 1e-3;  ///< > 0
  double beta1 = 0.9;           ///< in [0, 1)
  double beta2 = 0.999;         ///< in [0, 1)
  double epsilon = 1e-8;        ///< in [1e-30, 1]

  friend bool operator==(const adam&, const adam&) = default;
};

/// w -= lr weight_decay w, then the step of `adam` (Loshchilov and Hutter, "Decoupled weight decay
/// regularization", ICLR 2019). Biases and normalisations do not decay.
struct adamw {
  static constexpr std::string_view name = "adamw";
  double learning_rate = 1e-3;  ///< > 0
  double beta1 = 0.9;           ///< in [0, 1)
  double beta2 = 0.999;         ///< in [0, 1)
  double epsilon = 1e-8;        ///< in [1e-30, 1]
  double weight_decay = 0.01;   ///< >= 0; with the learning rate, a product of at most 1

  friend bool operator==(const adamw&, const adamw&) = default;
};

/// FTRL-Proximal (McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013,
/// algorithm 1), whose l1 makes parameters exactly zero:
/// z += g - (sqrt(s + g^2) - sqrt(s)) w / alpha; s += g^2; then w = 0 where |z| <= l1, else
/// -(z - sign(z) l1) / ((beta + sqrt(s)) / alpha + l2), with alpha the learning rate.
///
/// The penalties stand once against the sum of all gradients, and not in every step. z starts at
/// -w beta / alpha, not at 0: without penalties the first step then starts from w, which matters
/// where w starts at random. A schedule multiplies g, and leaves alpha.
struct ftrl {
  static constexpr std::string_view name = "ftrl";
  double learning_rate = 0.1;  ///< > 0
  double beta = 1;             ///< > 0
  double l1 = 0;               ///< >= 0
  double l2 = 0;               ///< >= 0

  friend bool operator==(const ftrl&, const ftrl&) = default;
};

/// Any of them, so that one is chosen as `.optimizer = nn::adam{.learning_rate = 2e-3}`.
using optimizer = std::variant<sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, ftrl>;

/// What it was given; a schedule multiplies it.
[[nodiscard]] inline double learning_rate_of(const optimizer& chosen) {
  return std::visit([](const auto& o) { return o.learning_rate; }, chosen);
}

/// Throws option_error for the first field outside its range, named as "adam.beta1" is.
inline void check_option(const optimizer& chosen) {
  std::visit(
      [](const auto& o) {
        const auto require = [&](bool valid, std::string_view field, double value,
                                 std::string_view range) {
          require_option(valid, std::string(o.name) + '.' + std::string(field), value, range);
        };
        const auto require_share = [&](std::string_view field, double value) {
          require(value >= 0 && value < 1, field, value, "[0, 1)");
        };
        require(o.learning_rate > 0 && o.learning_rate < 1e6, "learning_rate", o.learning_rate,
                "(0, 1e6)");
        if constexpr (requires { o.beta1; }) {
          require_share("beta1", o.beta1);
          require_share("beta2", o.beta2);
        }
        if constexpr (requires { o.l1; }) {
          require(o.beta > 0 && o.beta < 1e6, "beta", o.beta, "(0, 1e6)");
          require(o.l1 >= 0 && o.l1 < 1e12, "l1", o.l1, "[0, 1e12)");
          require(o.l2 >= 0 && o.l2 < 1e12, "l2", o.l2, "[0, 1e12)");
        } else if constexpr (requires { o.beta; }) {
          require_share("beta", o.beta);
        }
        if constexpr (requires { o.initial_square; })
          require(o.initial_square >= 0 && o.initial_square < 1e12, "initial_square",
                  o.initial_square, "[0, 1e12)");
        if constexpr (requires { o.epsilon; })
          require(o.epsilon >= 1e-30 && o.epsilon <= 1, "epsilon", o.epsilon, "[1e-30, 1]");
        if constexpr (requires { o.weight_decay; })
          require(o.weight_decay >= 0 && o.learning_rate * o.weight_decay <= 1, "weight_decay",
                  o.weight_decay, "[0, 1 / learning_rate]");
      },
      chosen);
}

}  // namespace kindred::nn
