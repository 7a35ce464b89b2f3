#pragma once

#include <kindred/core/option_files.hpp>
#include <kindred/model/time_svdpp.hpp>

namespace kindred {

/// Knows what it predicts at a time; without times, at the end of the training data.
class time_svdpp::trainer : public detail::svdpp_trainer {
 public:
  /// All must outlive it.
  trainer(const dataset& train, const time_svdpp_options& options, const detail::time_table& table,
          const detail::rating_times& times, const detail::host_loop& loop,
          const std::stop_token& stop)
      : svdpp_trainer(train, options.svdpp, loop, stop, &times),
        train_(train),
        table_(table),
        range_(train, options.svdpp.clip),
        loop_(loop) {}

  [[nodiscard]] detail::drifting_factors learned() const { return {*this, table_, train_}; }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    const detail::drifting_factors found = learned();
    return detail::held_rmse(
        loop_, validation, range_, [&](index user, index item, std::size_t row) {
          return found.rating(user, item,
                              validation.has_times() ? validation.row_times()[row] : table_.end());
        });
  }

 private:
  const dataset& train_;
  const detail::time_table& table_;
  detail::rating_range range_;
  const detail::host_loop& loop_;
};

template <host_backend Backend>
fit_history time_svdpp::fit(const dataset& train, const fit_options& fit, const Backend& backend) {
  const training_plan plan{.model = kind, .epochs = options_.svdpp.epochs, .ratings = train.size()};
  if (train.empty()) throw data_error("time_svdpp: no ratings to fit");
  const detail::host_loop loop(backend);
  const detail::time_table table(train, options_.drift_exponent, options_.bins);
  const detail::rating_times times =
      table.times_of(train, options_.drift_regularization, options_.time_regularization);
  trainer learner(train, options_, table, times, loop, fit.stop);
  fit_history history = train_epochs(learner, plan, fit);
  if (!learner.parameters().are_finite())
    throw divergence_error(kind, history.best_epoch, options_.svdpp.learning_rate);
  learned_ = learner.learned();
  range_ = {train, options_.svdpp.clip};
  return history;
}

template <class Writer>
void time_svdpp::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  out.set("mean", learned_.mean);
  range_.write(out);
  learned_.times.write(out);
  const auto users = static_cast<std::size_t>(num_users());
  const auto items = static_cast<std::size_t>(num_items());
  out.add("user_vectors", learned_.user_vectors, {users, learned_.factors});
  out.add("drifts", learned_.drifts, {users, learned_.factors});
  out.add("item_vectors", learned_.item_vectors, {items, learned_.factors});
  out.add("user_biases", learned_.user_biases, {users});
  out.add("slopes", learned_.slopes, {users});
  out.add("days", learned_.days, {learned_.times.days()});
  out.add("item_biases", learned_.item_biases, {items});
  out.add("item_bins", learned_.bins, {items, learned_.times.bins()});
}

template <class Reader>
time_svdpp time_svdpp::read(const Reader& in) {
  time_svdpp model(read_options<time_svdpp_options>(in));
  model.range_ = detail::rating_range::read(in);
  detail::drifting_factors& to = model.learned_;
  to.mean = in.template get<double>("mean");
  to.factors = static_cast<std::size_t>(model.options_.svdpp.factors);
  to.times = detail::time_table::read(in, model.options_.drift_exponent, model.options_.bins);
  const std::size_t users = to.times.users();
  const std::size_t items = in.rows("item_biases");
  to.user_vectors = in.template array<float>("user_vectors", {users, to.factors});
  to.drifts = in.template array<float>("drifts", {users, to.factors});
  to.item_vectors = in.template array<float>("item_vectors", {items, to.factors});
  to.user_biases = in.template array<float>("user_biases", {users});
  to.slopes = in.template array<float>("slopes", {users});
  to.days = in.template array<float>("days", {to.times.days()});
  to.item_biases = in.template array<float>("item_biases", {items});
  to.bins = in.template array<float>("item_bins", {items, to.times.bins()});
  to.set_end_biases();
  return model;
}

}  // namespace kindred
