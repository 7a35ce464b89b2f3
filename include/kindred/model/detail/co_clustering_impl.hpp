#pragma once

#include <kindred/core/option_files.hpp>
#include <kindred/model/co_clustering.hpp>
#include <kindred/model/detail/bias.hpp>

#include <algorithm>
#include <vector>

namespace kindred {

/// Improves several clusterings side by side.
template <class Backend>
class co_clustering::trainer {
 public:
  /// All must outlive it.
  trainer(const Backend& backend, const dataset& train, const co_clustering_options& options,
          const std::stop_token& stop)
      : user_means(detail::rating_means(backend, train.num_users(), train.mean(),
                                        [&](index u) { return train.by_user(u); })),
        item_means(detail::rating_means(backend, train.num_items(), train.mean(),
                                        [&](index i) { return train.by_item(i); })),
        backend_(backend),
        train_(train),
        options_(options),
        stop_(stop) {
    for (int restart = 0; restart < options.restarts; ++restart)
      clusterings_.emplace_back(backend, train, options, user_means, item_means, restart);
  }
  trainer(const trainer&) = delete;
  trainer& operator=(const trainer&) = delete;
  ~trainer() = default;

  epoch_result run_epoch(int /*epoch*/) {
    for (clusters& each : clusterings_)
      if (!stop_.stop_requested()) each.improve();
    return {best().squared_error(), 1};
  }

  [[nodiscard]] double validation_rmse(const dataset& validation) const {
    const double low = options_.clip ? train_.min_value() : -infinity;
    const double high = options_.clip ? train_.max_value() : infinity;
    return detail::rmse_of(backend_, validation, [&, view = best().view()](index u, index i) {
      return std::clamp(view.predict(u, i), low, high);
    });
  }

  void keep() { kept_ = {best()}; }
  void restore() { clusterings_ = std::move(kept_); }

  using clusters = detail::co_clusters<Backend>;
  [[nodiscard]] const clusters& best() const {
    return *std::min_element(
        clusterings_.begin(), clusterings_.end(),
        [](const clusters& a, const clusters& b) { return a.squared_error() < b.squared_error(); });
  }

  aligned_vector<float> user_means;
  aligned_vector<float> item_means;

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  Backend backend_;
  const dataset& train_;
  const co_clustering_options& options_;
  const std::stop_token& stop_;
  std::vector<clusters> clusterings_;
  std::vector<clusters> kept_;
};

template <host_backend Backend>
fit_history co_clustering::fit(const dataset& train, const fit_options& fit,
                               const Backend& backend) {
  const training_plan plan{.model = kind, .epochs = options_.epochs, .ratings = train.size()};
  if (train.empty()) throw data_error("co_clustering: no ratings to fit");
  trainer<Backend> clusterer(backend, train, options_, fit.stop);
  fit_history history = train_epochs(clusterer, plan, fit);
  const detail::co_cluster_view best = clusterer.best().view();
  const auto copy = []<class T>(std::span<const T> from) {
    return shared_array<T>(aligned_vector<T>(from.begin(), from.end()));
  };
  co_clustering fitted(options_);
  fitted.mean_ = train.mean();
  fitted.low_ = train.min_value();
  fitted.high_ = train.max_value();
  fitted.user_clusters_ = copy(best.user_clusters);
  fitted.item_clusters_ = copy(best.item_clusters);
  fitted.offsets_ = copy(best.offsets);
  fitted.user_means_ = std::move(clusterer.user_means);
  fitted.item_means_ = std::move(clusterer.item_means);
  *this = std::move(fitted);
  return history;
}

template <class Writer>
void co_clustering::write(Writer& out) const {
  if (!fitted()) throw not_fitted_error(kind);
  write_options(out, options_);
  out.set("mean", mean_);
  out.set("min_value", low_);
  out.set("max_value", high_);
  out.add("user_means", user_means_, {user_means_.size()});
  out.add("item_means", item_means_, {item_means_.size()});
  out.add("clusters_of_users", user_clusters_, {user_clusters_.size()});
  out.add("clusters_of_items", item_clusters_, {item_clusters_.size()});
  out.add("offsets", offsets_,
          {static_cast<std::size_t>(options_.user_clusters),
           static_cast<std::size_t>(options_.item_clusters)});
}

template <class Reader>
co_clustering co_clustering::read(const Reader& in) {
  co_clustering model(read_options<co_clustering_options>(in));
  const auto clusters_of = [&](std::string_view name, std::size_t size, index bound) {
    auto clusters = in.template array<index>(name, {size});
    if (!std::ranges::all_of(clusters, [&](index c) { return c >= unknown_index && c < bound; }))
      throw data_error(std::string(name) + " names a cluster that there is not");
    return clusters;
  };
  model.mean_ = in.template get<double>("mean");
  model.low_ = in.template get<float>("min_value");
  model.high_ = in.template get<float>("max_value");
  const std::size_t users = in.rows("user_means");
  const std::size_t items = in.rows("item_means");
  model.user_means_ = in.template array<float>("user_means", {users});
  model.item_means_ = in.template array<float>("item_means", {items});
  model.user_clusters_ = clusters_of("clusters_of_users", users, model.options_.user_clusters);
  model.item_clusters_ = clusters_of("clusters_of_items", items, model.options_.item_clusters);
  model.offsets_ =
      in.template array<float>("offsets", {static_cast<std::size_t>(model.options_.user_clusters),
                                           static_cast<std::size_t>(model.options_.item_clusters)});
  return model;
}

}  // namespace kindred
