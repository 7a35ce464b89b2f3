#pragma once

#include <kindred/core/option_files.hpp>
#include <kindred/model/detail/given_ratings.hpp>
#include <kindred/model/implicit_als.hpp>

namespace kindred {

inline void implicit_als::take(shared_array<float> users, shared_array<float> items,
                               detail::rating_lists interactions, const detail::host_loop& loop) {
  shared_array<float> gramian(detail::implicit_gramian(
      options_, detail::gramian_of(loop, detail::with_padding(items.span(), factors()),
                                   detail::padded_factors(factors()))));
  num_users_ = static_cast<index>(users.size() / factors());
  num_items_ = static_cast<index>(items.size() / factors());
  user_factors_ = std::move(users);
  item_factors_ = std::move(items);
  interactions_ = std::move(interactions);
  gramian_ = std::move(gramian);
}

inline detail::gathered_problem implicit_als::row_problem(std::span<const index> items,
                                                          std::span<const float> values) const {
  const bool counts = options_.values == interaction_value::rating;
  const kernel::als_terms terms = detail::implicit_terms(options_);
  detail::gathered_problem problem(factors(), gramian_.data());
  for (std::size_t n = 0; n < items.size(); ++n) {
    if (items[n] < 0 || items[n] >= num_items_) continue;
    const kernel::als_term term = terms(counts ? values[n] : 1.0F, 1, 0);
    problem.add(latent().item(items[n]), term.weight, term.target);
  }
  std::ranges::fill(
      problem.ridge(),
      detail::implicit_penalty(options_, problem.size(), static_cast<std::size_t>(num_items_)));
  return problem;
}

inline std::vector<float> implicit_als::fold_in(std::span<const index> items,
                                                std::span<const float> ratings) const {
  detail::check_given_ratings(items, ratings, options_.values == interaction_value::rating);
  std::vector<float> found = row_problem(items, ratings).solve();
  found.resize(factors());
  return found;
}

inline explanation implicit_als::explain_score(index user, index item) const {
  const bool known = user >= 0 && user < num_users_ && item >= 0 && item < num_items_;
  if (!known) return {.side = axis::items};
  const detail::weighted_ratings given = interactions_[static_cast<std::size_t>(user)];
  std::vector<float> asked(detail::padded_factors(factors()), 0.0F);
  std::ranges::copy(latent().item(item), asked.begin());
  const float score = kernel::dot(latent().user(user).data(), asked.data(), factors());
  return detail::explain_by_entries(row_problem(given.indices, given.values), std::move(asked),
                                    score, given.indices, given.values);
}

template <class Writer>
void implicit_als::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  out.add("user_factors", user_factors_, {static_cast<std::size_t>(num_users_), factors()});
  out.add("item_factors", item_factors_, {static_cast<std::size_t>(num_items_), factors()});
  interactions_.write(out, "interactions");
}

template <class Reader>
implicit_als implicit_als::read(const Reader& in) {
  implicit_als model(read_options<implicit_als_options>(in));
  const std::size_t factors = model.factors();
  const std::size_t users = in.rows("user_factors");
  const std::size_t items = in.rows("item_factors");
  auto interactions = detail::rating_lists::read(in, "interactions", items);
  if (interactions.rows() != users)
    throw data_error("user_factors and interactions differ in size");
  const backend::tbb backend;
  model.take(in.template array<float>("user_factors", {users, factors}),
             in.template array<float>("item_factors", {items, factors}), std::move(interactions),
             detail::host_loop(backend));
  return model;
}

}  // namespace kindred
