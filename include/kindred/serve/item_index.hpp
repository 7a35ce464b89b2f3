#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/parallel.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/top_k.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/serve/detail/index/index_body.hpp>
#include <kindred/serve/item_storage.hpp>
#include <kindred/serve/scored_lists.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred {

struct item_index_options {
  item_storage storage = item_storage::int8;
  /// Keeps floats beside halves or bytes, and scores by them whatever may be among the best: the
  /// answers are then those of float32, to the bit. Without, scores are those of what is stored.
  bool exact = true;
  /// The instruction set to use. Precondition: the processor has it.
  kernel::simd_level level = kernel::best_simd_level();
};

/// Lets every item pass.
struct accept_all {
  bool operator()(index) const noexcept { return true; }
  bool operator()(std::size_t, index) const noexcept { return true; }
};

/// Finds the items with the highest inner product with a query, plus bias, among all of them. It
/// keeps a copy of the items that is laid out for that: by default a query alone reads a byte a
/// factor, and queries together share what is read.
///
///   const kindred::item_index index{model};
///   for (const auto& [item, score] : index.search(model.latent().user(u), 10)) ...
///
/// Ties go to the item of lower index. Items with long vectors are looked at first, and a query is
/// done as soon as no other can reach its list; where lengths differ, that is long before the last.
/// With `exact` nothing is left out but by proof, from the lengths of vectors and of what their
/// rounding takes away. Immutable and cheap to copy: every member is safe from any thread.
/// O(items x factors) for a query at most; memory of 1, 2 or 4 bytes a factor, and of another 4 for
/// `exact` with int8 or float16.
class item_index {
 public:
  /// Memory of a search: give each thread its own, and use it with its index alone.
  class workspace {
   public:
    explicit workspace(const item_index& of) { of.body().reserve_one(block_); }

   private:
    friend class item_index;
    detail::query_block block_;
    detail::pending_items pending_;
  };

  /// Row i of `rows`, row-major, is item i; `biases` has one element an item, or none.
  /// Throws option_error unless factors are in [1, 32768], data_error if the sizes disagree, or if
  /// an item is not finite, is 1e18 or longer, or has a factor beyond those of its storage.
  item_index(std::span<const float> rows, std::size_t factors, std::span<const float> biases = {},
             const item_index_options& options = {})
      : contents_(make_contents(rows, factors, biases, options)) {}

  /// The items of a fitted model. Throws the same.
  template <latent_model Model>
  explicit item_index(const Model& model, const item_index_options& options = {})
      : contents_(make_contents(model.latent(), options)) {}

  [[nodiscard]] index size() const noexcept { return static_cast<index>(body().size()); }
  [[nodiscard]] std::size_t factors() const noexcept { return body().factors(); }
  /// Of memory that it takes.
  [[nodiscard]] std::size_t bytes() const {
    return body().bytes() + (contents_->rows.size() + contents_->biases.size()) * sizeof(float);
  }

  /// The best items for a query among those that `accept(item) -> bool` lets pass, as many as fit
  /// `best`; returns them ranked, a part of `best`. `accept` is asked about items with high scores,
  /// in no order, and what it throws is passed on. A query that is not finite, or 1e18 or longer,
  /// finds nothing. Allocates nothing. Precondition: query.size() == factors().
  template <class Accept = accept_all>
  std::span<scored_item> search(std::span<const float> query, std::span<scored_item> best,
                                workspace& memory, const Accept& accept = {}) const {
    top_k_selector selector(best);
    body().search_one(
        contents_->exact(), query.data(), memory.block_, memory.pending_,
        [&](std::size_t, index item) { return accept(item); }, selector);
    return selector.finish();
  }

  /// The same in memory of its own. Throws data_error unless query.size() == factors().
  template <class Accept = accept_all>
  [[nodiscard]] std::vector<scored_item> search(std::span<const float> query, std::size_t k,
                                                const Accept& accept = {}) const {
    require_queries(query.size(), 1);
    workspace memory(*this);
    std::vector<scored_item> best(std::min(k, body().size()));
    best.resize(search(query, best, memory, accept).size());
    return best;
  }

  /// The same for each row of `queries`, row-major, in parallel, with the same bits on any number
  /// of threads, and much faster than one by one; `accept(row, item)` is called from many threads.
  /// Throws data_error unless factors() divides queries.size().
  template <class Accept = accept_all>
  [[nodiscard]] scored_lists search_all(std::span<const float> queries, std::size_t k,
                                        const Accept& accept = {}) const {
    const std::size_t count = queries.size() / factors();
    require_queries(queries.size(), count);
    constexpr std::size_t grain = 96;  // that share a pass over the items
    scored_lists lists(count, std::min(k, body().size()));
    parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
      std::vector<const float*> rows;
      std::vector<top_k_selector> best;
      for (std::size_t row = begin; row < end; ++row) {
        rows.push_back(queries.data() + row * factors());
        best.emplace_back(lists.room(row));
      }
      body().search_many(
          contents_->exact(), rows,
          [&](std::size_t row, index item) { return accept(begin + row, item); }, best);
      for (std::size_t row = begin; row < end; ++row)
        lists.resize(row, best[row - begin].finish().size());
    });
    return lists;
  }

 private:
  struct contents {
    detail::index_body body;
    std::vector<float> rows;  ///< to score by, as they came; none if those of the body count
    std::vector<float> biases;

    [[nodiscard]] kernel::item_rows<float> exact() const noexcept {
      if (rows.empty()) return {};
      return {rows.data(), biases.empty() ? nullptr : biases.data(), body.size(), body.factors()};
    }
  };
  using contents_pointer = std::shared_ptr<const contents>;

  static contents_pointer make_contents(std::span<const float> rows, std::size_t factors,
                                        std::span<const float> biases,
                                        const item_index_options& options);
  template <class Scalar>
  static contents_pointer make_contents(const latent_view<Scalar>& latent,
                                        const item_index_options& options);

  [[nodiscard]] const detail::index_body& body() const noexcept { return contents_->body; }

  void require_queries(std::size_t numbers, std::size_t count) const {
    if (numbers != count * factors())
      throw data_error("item_index: " + detail::to_text(numbers) + " numbers are no queries of " +
                       detail::to_text(factors()));
  }

  contents_pointer contents_;
};

inline item_index::contents_pointer item_index::make_contents(std::span<const float> rows,
                                                              std::size_t factors,
                                                              std::span<const float> biases,
                                                              const item_index_options& options) {
  require_option(factors >= 1 && factors <= detail::byte_panels::most_factors, "factors", factors,
                 "[1, 32768]");
  auto made = std::make_shared<contents>(contents{
      detail::make_index_body(rows, factors, biases, options.storage, options.level), {}, {}});
  if (options.exact && !made->body.lossless()) {
    made->rows.assign(rows.begin(), rows.end());
    made->biases.assign(biases.begin(), biases.end());
  }
  return made;
}

template <class Scalar>
item_index::contents_pointer item_index::make_contents(const latent_view<Scalar>& latent,
                                                       const item_index_options& options) {
  const auto items = static_cast<std::size_t>(latent.num_items);
  const std::size_t biases = latent.item_biases == nullptr ? 0 : items;
  if constexpr (std::same_as<Scalar, float>) {
    return make_contents({latent.item_factors, items * latent.factors}, latent.factors,
                         {latent.item_biases, biases}, options);
  } else {
    const auto narrow = [](const Scalar* from, std::size_t count) {
      std::vector<float> to(count);
      std::transform(from, from + count, to.begin(),
                     [](Scalar x) { return static_cast<float>(x); });
      return to;
    };
    const auto rows = narrow(latent.item_factors, items * latent.factors);
    return make_contents(rows, latent.factors, narrow(latent.item_biases, biases), options);
  }
}

}  // namespace kindred
