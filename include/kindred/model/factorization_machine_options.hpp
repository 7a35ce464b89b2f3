#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/features.hpp>
#include <kindred/nn/optimizer.hpp>
#include <kindred/nn/option_fields.hpp>
#include <kindred/nn/rating_loss.hpp>
#include <kindred/nn/training_options.hpp>

#include <cstdint>
#include <string_view>
#include <variant>

namespace kindred {

/// How `factorization_machine` finds its parameters.
enum class fm_solver {
  als,  ///< coordinate descent on the squared error, each step in closed form
  sgd,  ///< mini-batches, with any optimizer and loss
  mcmc  ///< the mean of many machines, drawn by Gibbs sampling as likely as ratings make them
};

/// Options of the solver als. Penalties are for the sum of squared errors, and paid by each slot
/// once: by one that n ratings have (more exactly, whose squared values add up to n there)
/// n^frequency_exponent times as much.
struct fm_als_options {
  int epochs = 30;                     ///< passes over all parameters, >= 0
  double bias_regularization = 0;      ///< on the square of w0, >= 0
  double weight_regularization = 1;    ///< on that of each weight, >= 0
  double factor_regularization = 1.5;  ///< on that of each factor, >= 0
  /// How many times as much is paid for what is not an id, >= 0: features are shared by many, and
  /// meet every id of the other side.
  double feature_regularization = 5;
  /// In [0, 1]: 0 penalises each slot alike, as libFM does, 1 each rating alike (Zhou, Wilkinson,
  /// Schreiber, Pan, "Large-scale parallel collaborative filtering for the Netflix prize", AAIM
  /// 2008).
  double frequency_exponent = 0.5;
  double init_scale = 0.1;  ///< standard deviation of the initial factors, >= 0
  std::uint64_t seed = 42;
};

template <maybe_const<fm_als_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("epochs", o.epochs);
  field("bias_regularization", o.bias_regularization);
  field("weight_regularization", o.weight_regularization);
  field("factor_regularization", o.factor_regularization);
  field("feature_regularization", o.feature_regularization);
  field("frequency_exponent", o.frequency_exponent);
  field("init_scale", o.init_scale);
  field("seed", o.seed);
}

/// Options of the solver mcmc, which has no penalties. It makes burn_in + samples * thinning
/// sweeps.
struct fm_mcmc_options {
  int burn_in = 20;         ///< sweeps until the chain is where it belongs, >= 0
  int samples = 40;         ///< machines that predictions are averaged over, in [1, 10000]
  int thinning = 2;         ///< sweeps from one of them to the next, >= 1
  double init_scale = 0.1;  ///< standard deviation of the initial factors, > 0
  std::uint64_t seed = 42;
};

template <maybe_const<fm_mcmc_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("burn_in", o.burn_in);
  field("samples", o.samples);
  field("thinning", o.thinning);
  field("init_scale", o.init_scale);
  field("seed", o.seed);
}

/// Options of `factorization_machine`. The defaults suit star ratings.
struct factorization_machine_options {
  int factors = 32;  ///< length of the latent vectors, in [0, 1024]; 0 leaves the weights alone
  fm_solver solver = fm_solver::als;
  fm_als_options als{};
  nn::training_options sgd{.optimizer = nn::adagrad{.learning_rate = 0.05}, .embedding_l2 = 0.002};
  fm_mcmc_options mcmc{};
  nn::rating_loss loss = nn::squared_error{};  ///< of sgd; the others take the squared error alone
  int negatives = 0;  ///< of sgd: items that a user has not rated, with target 0, for each rating
  bool clip = true;   ///< holds predictions to the range of the training ratings
  feature_set features{};
};

/// What of them a model file holds: all but the features.
template <maybe_const<factorization_machine_options> Options, class Field>
void for_each_option(Options& o, const Field& field) {
  field("factors", o.factors);
  field("solver", o.solver);
  field("als", o.als);
  field("sgd", o.sgd);
  field("mcmc", o.mcmc);
  field("loss", o.loss);
  field("negatives", o.negatives);
  field("clip", o.clip);
}

/// Throws option_error for the first option outside its range.
inline void check_options(const fm_als_options& o) {
  const auto require_penalty = [](std::string_view name, double value) {
    require_option(value >= 0 && value < 1e9, name, value, "[0, 1e9)");
  };
  require_option(o.epochs >= 0, "epochs", o.epochs, "[0, 2147483647]");
  require_penalty("bias_regularization", o.bias_regularization);
  require_penalty("weight_regularization", o.weight_regularization);
  require_penalty("factor_regularization", o.factor_regularization);
  require_penalty("feature_regularization", o.feature_regularization);
  require_option(o.frequency_exponent >= 0 && o.frequency_exponent <= 1, "frequency_exponent",
                 o.frequency_exponent, "[0, 1]");
  require_option(o.init_scale >= 0 && o.init_scale < 1e3, "init_scale", o.init_scale, "[0, 1e3)");
}
inline void check_options(const fm_mcmc_options& o) {
  require_option(o.burn_in >= 0 && o.burn_in <= 1000000, "burn_in", o.burn_in, "[0, 1000000]");
  require_option(o.samples >= 1 && o.samples <= 10000, "samples", o.samples, "[1, 10000]");
  require_option(o.thinning >= 1 && o.thinning <= 1000, "thinning", o.thinning, "[1, 1000]");
  require_option(o.init_scale > 0 && o.init_scale < 1e3, "init_scale", o.init_scale, "(0, 1e3)");
}
/// The same, and data_error for features that there are not.
inline void check_options(const factorization_machine_options& o) {
  require_option(o.factors >= 0 && o.factors <= 1024, "factors", o.factors, "[0, 1024]");
  const auto solver = static_cast<int>(o.solver);
  require_option(solver >= 0 && solver <= static_cast<int>(fm_solver::mcmc), "solver", solver,
                 "{als, sgd, mcmc}");
  check_options(o.als);
  check_options(o.mcmc);
  nn::check_option(o.sgd);
  nn::check_option(o.loss);
  require_option(o.solver == fm_solver::sgd || std::holds_alternative<nn::squared_error>(o.loss),
                 "loss", std::visit([](const auto& loss) { return loss.name; }, o.loss),
                 "squared_error, or the solver sgd");
  const int most_negatives = o.solver == fm_solver::sgd ? 1000 : 0;
  require_option(o.negatives >= 0 && o.negatives <= most_negatives, "negatives", o.negatives,
                 "[0, 1000], 0 without the solver sgd");
  check_options(o.features);
}

}  // namespace kindred
