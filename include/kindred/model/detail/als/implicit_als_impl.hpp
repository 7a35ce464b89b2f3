#pragma once

#include <kindred/model/implicit_als.hpp>

namespace kindred {

namespace detail {

/// Rows with zeros behind their factors.
[[nodiscard]] inline aligned_vector<float> with_padding(std::span<const float> rows,
                                                        std::size_t factors) {
  const std::size_t width = padded_factors(factors);
  aligned_vector<float> padded(rows.size() / factors * width, 0.0F);
  for (std::size_t r = 0; r * factors < rows.size(); ++r)
    std::copy_n(rows.data() + r * factors, factors, padded.data() + r * width);
  return padded;
}

}  // namespace detail

inline void implicit_als::take(shared_array<float> users, shared_array<float> items,
                               const detail::host_loop& loop) {
  shared_array<float> gramian(detail::implicit_gramian(
      options_, detail::gramian_of(loop, detail::with_padding(items.span(), factors()),
                                   detail::padded_factors(factors()))));
  num_users_ = static_cast<index>(users.size() / factors());
  num_items_ = static_cast<index>(items.size() / factors());
  user_factors_ = std::move(users);
  item_factors_ = std::move(items);
  gramian_ = std::move(gramian);
}

inline std::vector<float> implicit_als::fold_in(std::span<const index> items,
                                                std::span<const float> ratings) const {
  if (items.size() != ratings.size())
    throw data_error("fold-in: " + detail::to_text(items.size()) + " items and " +
                     detail::to_text(ratings.size()) + " ratings");
  const bool counts = options_.values == interaction_value::rating;
  const std::size_t width = detail::padded_factors(factors());
  aligned_vector<float> rows;
  detail::row_terms terms;
  for (std::size_t n = 0; n < items.size(); ++n) {
    if (!std::isfinite(ratings[n]))
      throw data_error("fold-in: rating " + detail::to_text(ratings[n]) + " is not finite");
    if (counts && ratings[n] < 0)
      throw data_error("fold-in: rating " + detail::to_text(ratings[n]) + " is negative");
    if (items[n] < 0 || items[n] >= num_items_) continue;
    const detail::implicit_term term(options_, counts ? ratings[n] : 1.0F);
    terms.weights.push_back(term.weight);
    terms.targets.push_back(term.target);
    rows.resize(rows.size() + width, 0.0F);
    std::ranges::copy(latent().item(items[n]), rows.end() - static_cast<std::ptrdiff_t>(width));
  }
  std::vector<float> found(width, 0.0F);
  if (!rows.empty()) {
    const std::size_t count = terms.weights.size();
    terms.ridge.assign(
        width, detail::implicit_penalty(options_, count, static_cast<std::size_t>(num_items_)));
    detail::row_solver<cholesky>({}, width).solve({{rows.data(), width, width, nullptr, count},
                                                   gramian_.data(),
                                                   terms.weights.data(),
                                                   terms.targets.data(),
                                                   terms.ridge.data()},
                                                  found.data());
  }
  found.resize(factors());
  return found;
}

template <class Writer>
void implicit_als::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  out.set("factors", options_.factors);
  out.set("epochs", options_.epochs);
  out.set("unobserved_weight", options_.unobserved_weight);
  out.set("alpha", options_.alpha);
  out.set("regularization", options_.regularization);
  out.set("frequency_exponent", options_.frequency_exponent);
  out.set("values", options_.values);
  detail::write_solver(out, options_.solver);
  out.set("init_scale", options_.init_scale);
  out.set("seed", options_.seed);
  out.add("user_factors", user_factors_, {static_cast<std::size_t>(num_users_), factors()});
  out.add("item_factors", item_factors_, {static_cast<std::size_t>(num_items_), factors()});
}

template <class Reader>
implicit_als implicit_als::read(const Reader& in) {
  implicit_als model({.factors = in.template get<int>("factors"),
                      .epochs = in.template get<int>("epochs"),
                      .unobserved_weight = in.template get<double>("unobserved_weight"),
                      .alpha = in.template get<double>("alpha"),
                      .regularization = in.template get<double>("regularization"),
                      .frequency_exponent = in.template get<double>("frequency_exponent"),
                      .values = in.template get<interaction_value>("values"),
                      .solver = detail::read_solver(in),
                      .init_scale = in.template get<double>("init_scale"),
                      .seed = in.template get<std::uint64_t>("seed")});
  const std::size_t factors = model.factors();
  const backend::tbb backend;
  model.take(in.template array<float>("user_factors", {in.rows("user_factors"), factors}),
             in.template array<float>("item_factors", {in.rows("item_factors"), factors}),
             detail::host_loop(backend));
  return model;
}

}  // namespace kindred
