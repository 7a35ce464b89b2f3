#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/serve/detail/hnsw/hnsw_file.hpp>
#include <kindred/serve/detail/hnsw/hnsw_graph.hpp>
#include <kindred/serve/detail/hnsw/hnsw_search.hpp>
#include <kindred/serve/item_index.hpp>
#include <kindred/serve/scored_lists.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

// Component kindred::hnsw.

namespace kindred {

/// What makes items near to a query.
enum class hnsw_measure {
  inner_product,  ///< and bias: what latent models rank by
  cosine          ///< of the angle; an item of zeros has none, and is not in the index
};

struct hnsw_options {
  hnsw_measure measure = hnsw_measure::inner_product;
  bool biased = false;     ///< whether items have biases; of a model's items it is found out
  int links = 16;          ///< of a node, twice as many on the lowest level: M, 2 .. 512
  int build_effort = 200;  ///< candidates for the links of a node: ef_construction, 1 .. 100000
  int search_effort = 64;  ///< candidates for a list, or k where that is more: ef, 1 .. 100000
  std::uint32_t seed = 42;
};

/// Throws option_error for the first option outside its range.
inline void check_options(const hnsw_options& o) {
  require_option(o.measure == hnsw_measure::inner_product || o.measure == hnsw_measure::cosine,
                 "measure", static_cast<int>(o.measure), "inner_product, cosine");
  require_option(o.links >= 2 && o.links <= 512, "links", o.links, "[2, 512]");
  require_option(o.build_effort >= 1 && o.build_effort <= 100'000, "build_effort", o.build_effort,
                 "[1, 100000]");
  require_option(o.search_effort >= 1 && o.search_effort <= 100'000, "search_effort",
                 o.search_effort, "[1, 100000]");
}

/// Most of the items nearest to a query, by a walk through a graph of neighbours (hnswlib): in
/// O(log(items)) where an `item_index` reads them all, but not always all of the best; ask
/// `measure_recall`. It follows a model item by item: `update` adds one or moves it, `remove` hides
/// it. Removed items keep their place in the graph, as signposts: build it anew when they are many.
///
///   kindred::hnsw_index index{model};
///   for (const auto& [item, score] : index.search(model.latent().user(u), 10)) ...
///
/// For inner products the graph is one of inner products (Morozov and Babenko, "Non-metric
/// similarity graphs for maximum inner product search", NeurIPS 2018). Nodes are added one by one,
/// so that the same items in the same order make the same graph. Searches may run on any number of
/// threads; `update`, `remove` and moving exclude each other and every search.
class hnsw_index {
 public:
  static constexpr std::string_view kind = "hnsw_index";

  /// Memory of a search: give each thread its own.
  using workspace = detail::hnsw_memory;

  /// No items. Throws option_error for an option outside its range, or factors outside
  /// [1, 1000000].
  explicit hnsw_index(std::size_t factors, const hnsw_options& options = {})
      : options_(checked(options, factors)),
        factors_(factors),
        graph_(std::make_unique<detail::hnsw_graph>(
            factors + (options.biased ? 1 : 0), static_cast<std::size_t>(options.links),
            static_cast<std::size_t>(options.build_effort), options.seed)) {}

  /// The items of a fitted model. Throws the same, and as `update` does.
  template <latent_model Model>
  explicit hnsw_index(const Model& model, hnsw_options options = {})
      : hnsw_index(model.latent().factors, with_biases(model.latent(), options)) {
    const auto latent = model.latent();
    std::vector<float> row(factors_);
    for (index i = 0; i < latent.num_items; ++i) {
      std::ranges::transform(latent.item(i), row.begin(),
                             [](auto x) { return static_cast<float>(x); });
      const bool biased = options_.biased;
      update(i, row, biased ? static_cast<float>(latent.item_biases[i]) : 0);
    }
  }

  [[nodiscard]] std::size_t factors() const noexcept { return factors_; }
  [[nodiscard]] const hnsw_options& options() const noexcept { return options_; }
  /// How many items there are.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool contains(index item) const noexcept {
    return item >= 0 && static_cast<std::size_t>(item) < present_.size() &&
           present_[static_cast<std::size_t>(item)] != 0;
  }

  /// Trades time for recall from now on. Throws option_error.
  void set_search_effort(int effort) {
    hnsw_options next = options_;
    next.search_effort = effort;
    check_options(next);
    options_ = next;
  }

  /// Adds the item or replaces what it was. By cosine an item of zeros is removed.
  /// Throws data_error if the item is negative, the row is of another size or not finite, or there
  /// is a bias where there are none. The index is as it was then.
  void update(index item, std::span<const float> row, float bias = 0);

  /// Hides the item, if it is there.
  void remove(index item) noexcept {
    if (!contains(item)) return;
    present_[static_cast<std::size_t>(item)] = 0;
    --size_;
  }

  /// The best items for a query that `accept(item) -> bool` lets pass, as many as fit `best`;
  /// returns them ranked, a part of `best`. Finds nothing for a query that is not finite, or by
  /// cosine is all zeros. Allocates nothing once `memory` has grown.
  /// Precondition: query.size() == factors().
  template <class Accept = accept_all>
  std::span<scored_item> search(std::span<const float> query, std::span<scored_item> best,
                                workspace& memory, const Accept& accept = {}) const {
    top_k_selector selector(best);
    if (!prepare(query, memory)) return selector.finish();
    const auto effort = std::max(static_cast<std::size_t>(options_.search_effort), best.size());
    detail::hnsw_search(*graph_, memory).run(effort, [&](detail::hnsw_graph::node n) {
      const index item = graph_->item(n);
      return contains(item) && accept(item);
    });
    for (const detail::hnsw_hit& hit : memory.found)
      selector.push({graph_->item(hit.node), hit.score});
    return selector.finish();
  }

  /// The same in memory of its own. Throws data_error unless query.size() == factors().
  template <class Accept = accept_all>
  [[nodiscard]] std::vector<scored_item> search(std::span<const float> query, std::size_t k,
                                                const Accept& accept = {}) const {
    require_queries(query.size(), 1);
    workspace memory;
    std::vector<scored_item> best(std::min(k, size_));
    best.resize(search(query, best, memory, accept).size());
    return best;
  }

  /// The same for each row of `queries`, row-major, in parallel; `accept(row, item)` is called from
  /// many threads. Throws data_error unless factors() divides queries.size().
  template <class Accept = accept_all>
  [[nodiscard]] scored_lists search_all(std::span<const float> queries, std::size_t k,
                                        const Accept& accept = {}) const {
    const std::size_t count = queries.size() / factors_;
    require_queries(queries.size(), count);
    scored_lists lists(count, std::min(k, size_));
    parallel_for(count, 64, [&](std::size_t begin, std::size_t end) {
      workspace memory;
      for (std::size_t row = begin; row < end; ++row)
        lists.resize(row, search(queries.subspan(row * factors_, factors_), lists.room(row), memory,
                                 [&](index item) { return accept(row, item); })
                              .size());
    });
    return lists;
  }

  /// Saves to, and loads from, a file (io/save.hpp).
  template <class Writer>
  void write(Writer& out) const;
  template <class Reader>
  [[nodiscard]] static hnsw_index read(const Reader& in);

 private:
  static const hnsw_options& checked(const hnsw_options& options, std::size_t factors) {
    check_options(options);
    require_option(factors >= 1 && factors <= 1'000'000, "factors", factors, "[1, 1000000]");
    return options;
  }

  template <class Scalar>
  static hnsw_options with_biases(const latent_view<Scalar>& latent, hnsw_options options) {
    options.biased =
        options.measure == hnsw_measure::inner_product && latent.item_biases != nullptr;
    return options;
  }

  void require_queries(std::size_t numbers, std::size_t count) const {
    if (numbers != count * factors_)
      throw data_error("hnsw_index: " + detail::to_text(numbers) + " numbers are no queries of " +
                       detail::to_text(factors_));
  }

  /// As the graph has it; false for what has no place there.
  [[nodiscard]] bool prepare(std::span<const float> row, workspace& memory, float bias = 1) const {
    const double length = detail::length_of(row);
    const bool cosine = options_.measure == hnsw_measure::cosine;
    if (!(length < static_cast<double>(detail::longest_row)) || (cosine && length == 0))
      return false;
    memory.query.assign(row.begin(), row.end());
    if (cosine)
      for (float& x : memory.query) x = static_cast<float>(static_cast<double>(x) / length);
    if (options_.biased) memory.query.push_back(bias);
    return true;
  }

  hnsw_options options_;
  std::size_t factors_;
  std::size_t size_ = 0;
  std::vector<std::uint8_t> present_;  // by item
  std::unique_ptr<detail::hnsw_graph> graph_;
};

inline void hnsw_index::update(index item, std::span<const float> row, float bias) {
  const double length = detail::length_of(row);
  if (item < 0 || row.size() != factors_ || (bias != 0 && !options_.biased) ||
      !(std::hypot(length, static_cast<double>(bias)) < static_cast<double>(detail::longest_row)))
    throw data_error("hnsw_index: item " + detail::to_text(item) + " has a row of " +
                     detail::to_text(row.size()) + " numbers of length " + detail::to_text(length) +
                     " and a bias of " + detail::to_text(bias));
  workspace memory;
  if (!prepare(row, memory, bias)) return remove(item);
  const auto place = static_cast<std::size_t>(item);
  if (place >= present_.size()) present_.resize(place + 1, 0);
  graph_->put(item, memory.query.data());
  if (present_[place] == 0) ++size_;
  present_[place] = 1;
}

template <class Writer>
void hnsw_index::write(Writer& out) const {
  out.set("measure", options_.measure);
  out.set("biased", options_.biased);
  out.set("links", options_.links);
  out.set("build_effort", options_.build_effort);
  out.set("search_effort", options_.search_effort);
  out.set("seed", options_.seed);
  out.set("factors", factors_);
  detail::write_graph(out, *graph_);
  aligned_vector<std::uint8_t> present(present_.begin(), present_.end());
  out.add("present", shared_array<std::uint8_t>(std::move(present)), {present_.size()});
}

template <class Reader>
hnsw_index hnsw_index::read(const Reader& in) {
  hnsw_index made(in.template get<std::size_t>("factors"),
                  {.measure = in.template get<hnsw_measure>("measure"),
                   .biased = in.template get<bool>("biased"),
                   .links = in.template get<int>("links"),
                   .build_effort = in.template get<int>("build_effort"),
                   .search_effort = in.template get<int>("search_effort"),
                   .seed = in.template get<std::uint32_t>("seed")});
  detail::hnsw_graph_reader(in, *made.graph_).read();
  const auto present = in.template array<std::uint8_t>("present");
  std::vector<bool> known(present.size());
  for (detail::hnsw_graph::node n = 0; n < made.graph_->size(); ++n)
    if (static_cast<std::size_t>(made.graph_->item(n)) < known.size())
      known[static_cast<std::size_t>(made.graph_->item(n))] = true;
  for (std::size_t item = 0; item < present.size(); ++item) {
    if (present[item] > 1 || (present[item] == 1 && !known[item]))
      throw data_error("the arrays of a hnsw_index contradict each other");
    made.size_ += present[item];
  }
  made.present_.assign(present.begin(), present.end());
  return made;
}

}  // namespace kindred
