#pragma once

#include <kindred/backend/knn_kernels.hpp>
#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/neighbor_key.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/knn/entity_vectors.hpp>
#include <kindred/model/detail/knn/labelled_vectors.hpp>
#include <kindred/model/detail/knn/neighbor_collector.hpp>
#include <kindred/model/detail/knn/row_comparison.hpp>
#include <kindred/model/detail/knn/row_similarities.hpp>
#include <kindred/model/detail/knn/similarity_measures.hpp>
#include <kindred/model/detail/knn/similarity_square.hpp>
#include <kindred/model/neighbor_lists.hpp>
#include <kindred/model/similarity.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <stop_token>
#include <vector>

namespace kindred::detail {

/// Finds the neighbours of rows among all rows: exactly, and with the same bits whatever the order
/// of the work.
class neighbor_search {
 public:
  /// Keeps the nearest `most` neighbours of a row, all for 0. All arguments must outlive the
  /// search. Once `stop` asks, what is found is of no use.
  neighbor_search(const entity_vectors& vectors, const similarity_options& options,
                  std::size_t most, const host_loop& loop, const std::stop_token& stop)
      : options_(options),
        loop_(loop),
        stop_(stop),
        vectors_(vectors),
        rows_(vectors),
        kept_(vectors.rows(), {most, options.min_similarity, options.negative}) {}

  /// The neighbours of all rows; each pair is compared once. The search is done then.
  [[nodiscard]] neighbor_lists find() {
    std::vector<index> labels(rows_.rows());
    std::iota(labels.begin(), labels.end(), 0);
    if (similarity_square::suits(rows_.rows(), rows_.terms())) return find_in_square(labels);
    compare({labels, false, {}});
    return finish();
  }

  /// The same on a backend with memory of its own, which keeps some neighbours: at least one, and
  /// at most 4096.
  template <class Backend>
  [[nodiscard]] neighbor_lists find_on(const Backend& backend) {
    const std::size_t most = kept_.limits().most;
    require_option(most >= 1 && most <= 4096, "neighbors", most, "[1, 4096] on this backend");
    const knn_kernels<Backend> kernels(backend, problem());
    const std::size_t each = kernels.keys_per_row();
    const std::size_t some = std::max<std::size_t>((std::size_t{1} << 24) / each, 1);
    std::vector<kernel::neighbor_key> keys(std::min(some, rows_.rows()) * each);
    for (std::size_t first = 0; first < rows_.rows() && !stop_.stop_requested(); first += some) {
      const std::size_t count = std::min(some, rows_.rows() - first);
      kernels.find(first, std::span(keys).first(count * each));
      for_each_index(loop_, count, [&](std::size_t n) {
        offer(first + n, std::span<const kernel::neighbor_key>(keys).subspan(n * each, each));
      });
    }
    return finish();
  }

  /// The same from the neighbours that there were before some rows changed. Compares these rows
  /// with all; the others keep what they had, with the changed rows put in their new place. Only if
  /// that leaves room in a list that was full, its row is compared with all anew.
  [[nodiscard]] neighbor_lists refresh(const neighbor_lists& before, const entity_vectors& old) {
    const std::vector<std::uint8_t> changed = changed_rows(old);
    const auto count = std::accumulate(changed.begin(), changed.end(), std::size_t{0});
    if (old.rows() > rows_.rows() || count > rows_.rows() / 4) return find();
    std::vector<index> labels;
    std::vector<std::uint8_t> deaf(rows_.rows());  // rows that are asked for their own neighbours
    for (std::size_t row = 0; row < rows_.rows(); ++row) {
      if (changed[row] == 0) continue;
      labels.push_back(static_cast<index>(rows_.label_of(row)));
      deaf[rows_.label_of(row)] = 1;
    }
    for_each_index(loop_, rows_.rows(), [&](std::size_t row) {
      if (changed[row] == 0) keep_unchanged(row, before[row], changed);
    });
    compare({labels, true, deaf});
    compare({labels_to_repair(before, changed), true, std::vector<std::uint8_t>(rows_.rows(), 1)});
    return finish();
  }

 private:
  struct task {
    std::vector<index> labels;       ///< of rows that seek neighbours
    bool among_all;                  ///< or only among the rows of lower label
    std::vector<std::uint8_t> deaf;  ///< by label: rows that are not told; empty if all are
  };

  [[nodiscard]] similarity_problem problem() const {
    const neighbor_limits& limits = kept_.limits();
    similarity_problem made = rows_.problem();
    with_measure(options_, rows_.facts(), [&](const auto& measure) { made.measure = measure; });
    made.confidence = confidence_of(options_);
    made.most = limits.most;
    made.least = limits.least;
    made.negative = options_.negative;
    return made;
  }

  void offer(std::size_t label, std::span<const kernel::neighbor_key> keys) {
    std::vector<neighbor> found;
    found.reserve(keys.size());
    for (const kernel::neighbor_key key : keys)
      if (key != 0) found.push_back({kernel::row_of(key), kernel::similarity_of(key)});
    kept_.offer(label, found);
  }

  void compare(const task& work) {
    with_measure(options_, rows_.facts(), [&](const auto& measure) {
      const row_similarities similarities(rows_, measure, confidence_of(options_));
      for_each_label(work.labels, [&] {
        return [&, rows = row_comparison(rows_, similarities, work.deaf, kept_)](
                   std::size_t label) mutable {
          rows.compare(label, work.among_all ? rows_.rows() : label);
        };
      });
    });
  }

  [[nodiscard]] neighbor_lists find_in_square(const std::vector<index>& labels) {
    similarity_square square(rows_, kept_.limits());
    with_measure(options_, rows_.facts(), [&](const auto& measure) {
      const row_similarities similarities(rows_, measure, confidence_of(options_));
      for_each_label(labels, [&] {
        return
            [&square, row = similarities](std::size_t label) mutable { square.fill(label, row); };
      });
      if (similarities.symmetric() && !stop_.stop_requested()) square.mirror(loop_);
    });
    return stop_.stop_requested() ? finish() : square.lists(loop_);
  }

  /// Calls `f(label)` for each label, with an `f` that `make()` makes for some of them.
  template <class Make>
  void for_each_label(const std::vector<index>& labels, const Make& make) const {
    // Every chunk takes rows of all sizes, so that all take about as long.
    constexpr std::size_t most_chunks = 256;
    const std::size_t chunks = std::min(most_chunks, labels.size());
    loop_(chunks, [&](std::size_t first, std::size_t last) {
      for (std::size_t chunk = first; chunk < last; ++chunk) {
        auto f = make();
        for (std::size_t n = chunk; n < labels.size(); n += chunks) {
          if (stop_.stop_requested()) return;
          f(static_cast<std::size_t>(labels[n]));
        }
      }
    });
  }

  [[nodiscard]] std::vector<std::uint8_t> changed_rows(const entity_vectors& old) const {
    std::vector<std::uint8_t> changed(vectors_.rows(), 1);
    const bool all = options_.measure == similarity::log_likelihood &&
                     old.columns() != vectors_.columns();  // which it counts
    for_each_index(loop_, all ? 0 : std::min(vectors_.rows(), old.rows()),
                   [&](std::size_t row) { changed[row] = same_row(old, vectors_, row) ? 0 : 1; });
    return changed;
  }

  static bool same_row(const entity_vectors& a, const entity_vectors& b, std::size_t row) {
    const auto same = [](const auto& x, std::size_t of_x, const auto& y, std::size_t of_y,
                         std::size_t count) {
      return std::equal(x.begin() + of_x, x.begin() + of_x + count, y.begin() + of_y);
    };
    const std::size_t count = a.size(row);
    return count == b.size(row) && same(a.indices, a.begin(row), b.indices, b.begin(row), count) &&
           same(a.values, a.begin(row), b.values, b.begin(row), count) &&
           (a.left.empty() || (a.left[row] == b.left[row] && a.right[row] == b.right[row]));
  }

  void keep_unchanged(std::size_t row, const neighbor_list& list,
                      const std::vector<std::uint8_t>& changed) {
    for (std::size_t n = 0; n < list.size(); ++n) {
      const neighbor one = list[n];
      if (changed[static_cast<std::size_t>(one.row)] == 0)
        kept_.offer(rows_.label_of(row), {&one, 1});
    }
  }

  /// Of the rows whose lists were full, those whose last place may now be due to a row that was not
  /// in them. Clears them.
  [[nodiscard]] std::vector<index> labels_to_repair(const neighbor_lists& before,
                                                    const std::vector<std::uint8_t>& changed) {
    std::vector<std::uint8_t> broken(rows_.rows(), 0);
    const std::size_t most = kept_.limits().most;
    for_each_index(loop_, rows_.rows(), [&](std::size_t row) {
      if (changed[row] != 0 || most == 0 || before[row].size() < most) return;
      const std::size_t label = rows_.label_of(row);
      const auto now = kept_.nearest(label);
      if (now.size() == most && !nearer(farthest_of(before[row]), farthest_of(now))) return;
      kept_.clear(label);
      broken[label] = 1;
    });
    std::vector<index> labels;
    for (std::size_t label = 0; label < broken.size(); ++label)
      if (broken[label] != 0) labels.push_back(static_cast<index>(label));
    return labels;
  }

  template <class List>
  [[nodiscard]] static neighbor farthest_of(const List& list) {
    neighbor farthest = list[0];
    for (std::size_t n = 1; n < list.size(); ++n)
      if (nearer(farthest, list[n])) farthest = list[n];
    return farthest;
  }

  [[nodiscard]] neighbor_lists finish() {
    return kept_.finish([this](std::size_t row) { return rows_.label_of(row); }, loop_);
  }

  const similarity_options& options_;
  const host_loop& loop_;
  const std::stop_token& stop_;
  const entity_vectors& vectors_;
  labelled_vectors rows_;
  neighbor_collector kept_;
};

}  // namespace kindred::detail
