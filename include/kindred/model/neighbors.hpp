#pragma once

#include <kindred/backend/concepts.hpp>
#include <kindred/backend/tbb.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/baseline.hpp>
#include <kindred/model/baseline_options.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/knn/entity_vectors.hpp>
#include <kindred/model/detail/knn/knn_trainer.hpp>
#include <kindred/model/detail/knn/neighbor_search.hpp>
#include <kindred/model/detail/rating_lists.hpp>
#include <kindred/model/neighbor_lists.hpp>
#include <kindred/model/similarity.hpp>

#include <cstddef>
#include <stop_token>

namespace kindred {

/// The `neighbors` most similar other items of each item of `data`, or users of each user; 0 for
/// all that are similar at all. Exact, with ties to the lower index; the same bits on any number of
/// threads and on every host backend. Ratings count, their weights and times do not.
///
/// The cost is that of the pairs of ratings in each column, sum over users of n^2 / 2 for items, in
/// parallel. It holds, beside the data, some 20 bytes a rating and 24 for each neighbour kept, and
/// a matrix of all pairs only where that takes 64 MB at most. `baseline` is for the measure
/// baseline_pearson alone.
/// Throws option_error, and data_error for ratings that the measure cannot take.
template <host_backend Backend = backend::tbb>
[[nodiscard]] neighbor_lists find_neighbors(const dataset& data, axis side,
                                            const similarity_options& options, index neighbors,
                                            const baseline_options& baseline = {},
                                            const Backend& backend = {}) {
  check_options(options);
  require_option(neighbors >= 0, "neighbors", neighbors, "[0, 2147483647]");
  baseline_model expected(baseline);
  if (options.measure == similarity::baseline_pearson) expected.fit(data, {}, backend);
  const detail::host_loop loop(backend);
  const std::stop_token never;
  const detail::rating_lists rows = detail::lists_of(data, side);
  const detail::rating_lists columns = detail::lists_of(data, detail::other(side));
  const detail::entity_vectors vectors =
      detail::vector_maker(rows, columns, options, detail::biases_of(expected, side), loop).make();
  detail::neighbor_search search(vectors, options, static_cast<std::size_t>(neighbors), loop,
                                 never);
  return search.find();
}

}  // namespace kindred
