#pragma once

#include <kindred/model/detail/svd/svdpp_file.hpp>
#include <kindred/model/svdpp.hpp>

namespace kindred {

/// Knows what it predicts without times.
class svdpp::trainer : public detail::svdpp_trainer {
 public:
  trainer(const dataset& train, const svdpp_options& options, const detail::host_loop& loop,
          const std::stop_token& stop)
      : svdpp_trainer(train, options, loop, stop),
        mean_(train.mean()),
        range_(train, options.clip),
        loop_(loop) {}

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    const detail::svdpp_parameters& found = parameters();
    const aligned_vector<float> users = user_vectors();
    const auto row = [&](const aligned_vector<float>& rows, index r) {
      return rows.data() + static_cast<std::size_t>(r) * found.width;
    };
    return detail::held_rmse(loop_, validation, range_, [&](index user, index item) {
      double rating = detail::biased_mean(mean_, found.user_biases, found.item_biases, user, item);
      if (static_cast<std::size_t>(user) < found.user_biases.size() &&
          static_cast<std::size_t>(item) < found.item_biases.size())
        rating +=
            static_cast<double>(kernel::dot(row(users, user), row(found.items, item), found.width));
      return rating;
    });
  }

 private:
  double mean_;
  detail::rating_range range_;
  const detail::host_loop& loop_;
};

template <host_backend Backend>
fit_history svdpp::fit(const dataset& train, const fit_options& fit, const Backend& backend) {
  const training_plan plan{.model = kind, .epochs = options_.epochs, .ratings = train.size()};
  if (train.empty()) throw data_error("svdpp: no ratings to fit");
  const detail::host_loop loop(backend);
  trainer learner(train, options_, loop, fit.stop);
  fit_history history = train_epochs(learner, plan, fit);
  const detail::svdpp_parameters& found = learner.parameters();
  if (!found.are_finite()) throw divergence_error(kind, history.best_epoch, options_.learning_rate);
  svdpp fitted(options_);
  fitted.mean_ = train.mean();
  fitted.range_ = {train, options_.clip};
  fitted.user_vectors_ = learner.without_padding(learner.user_vectors());
  fitted.item_vectors_ = learner.without_padding(found.items);
  fitted.implicit_ = learner.without_padding(found.implicit);
  fitted.user_biases_ = found.user_biases;
  fitted.item_biases_ = found.item_biases;
  *this = std::move(fitted);
  return history;
}

inline std::vector<float> svdpp::fold_in(std::span<const index> items,
                                         std::span<const float> ratings) const {
  if (items.size() != ratings.size())
    throw data_error("fold-in: " + detail::to_text(items.size()) + " items and " +
                     detail::to_text(ratings.size()) + " ratings");
  std::vector<float> sum(factors(), 0.0F);
  std::size_t count = 0;
  for (const index item : items) {
    if (item < 0 || item >= num_items()) continue;
    ++count;
    kernel::axpy(1.0F, implicit_.data() + static_cast<std::size_t>(item) * factors(), factors(),
                 sum.data());
  }
  for (float& x : sum) x /= std::sqrt(static_cast<float>(std::max<std::size_t>(count, 1)));
  return sum;
}

template <class Writer>
void svdpp::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  detail::write_options(out, options_);
  out.set("mean", mean_);
  range_.write(out);
  const std::size_t users = user_biases_.size();
  const std::size_t items = item_biases_.size();
  out.add("user_vectors", user_vectors_, {users, factors()});
  out.add("item_vectors", item_vectors_, {items, factors()});
  out.add("implicit", implicit_, {items, factors()});
  out.add("user_biases", user_biases_, {users});
  out.add("item_biases", item_biases_, {items});
}

template <class Reader>
svdpp svdpp::read(const Reader& in) {
  svdpp model(detail::read_svdpp_options(in));
  const std::size_t users = in.rows("user_biases");
  const std::size_t items = in.rows("item_biases");
  const std::size_t factors = model.factors();
  model.mean_ = in.template get<double>("mean");
  model.range_ = detail::rating_range::read(in);
  model.user_vectors_ = in.template array<float>("user_vectors", {users, factors});
  model.item_vectors_ = in.template array<float>("item_vectors", {items, factors});
  model.implicit_ = in.template array<float>("implicit", {items, factors});
  model.user_biases_ = in.template array<float>("user_biases", {users});
  model.item_biases_ = in.template array<float>("item_biases", {items});
  return model;
}

}  // namespace kindred
