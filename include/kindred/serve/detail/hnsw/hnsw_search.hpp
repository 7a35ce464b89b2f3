#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/serve/detail/hnsw/hnsw_graph.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kindred::detail {

/// A node and its product with the query.
struct hnsw_hit {
  float score;
  hnsw_graph::node node;
};

/// Of equal scores the earlier node is the better.
[[nodiscard]] inline bool is_better(const hnsw_hit& a, const hnsw_hit& b) noexcept {
  return a.score > b.score || (a.score == b.score && a.node < b.node);
}
[[nodiscard]] inline bool is_worse(const hnsw_hit& a, const hnsw_hit& b) noexcept {
  return is_better(b, a);
}

/// Memory of searches, one after another; it grows until they allocate nothing.
struct hnsw_memory {
  aligned_vector<float> query;
  std::vector<std::uint32_t> seen;  ///< a node was, if it has the number of the search
  std::uint32_t search = 0;
  std::vector<hnsw_graph::node> fresh;
  std::vector<hnsw_hit> frontier;  ///< a heap with the best on top
  std::vector<hnsw_hit> found;     ///< a heap with the worst on top
};

/// Walks the graph as Malkov and Yashunin do, "Efficient and robust approximate nearest neighbor
/// search using hierarchical navigable small world graphs", TPAMI 42, 2020, algorithms 2 and 5. The
/// vectors of a node's neighbours are asked of memory together, before the first is read.
class hnsw_search {
 public:
  /// `memory.query` is the query.
  hnsw_search(const hnsw_graph& graph, hnsw_memory& memory) : graph_(graph), memory_(memory) {
    memory_.seen.resize(graph.size(), 0);
    if (++memory_.search == 0) {
      std::ranges::fill(memory_.seen, 0);
      memory_.search = 1;
    }
    memory_.fresh.reserve(graph.most_links(0));
    memory_.frontier.clear();
    memory_.found.clear();
  }

  /// Leaves in `memory.found`, in no order, the best `effort` nodes, at most, that the walk meets
  /// and `accept(node)` lets pass.
  template <class Accept>
  void run(std::size_t effort, const Accept& accept) {
    if (graph_.size() == 0 || effort == 0) return;
    memory_.found.reserve(effort + 1);
    hnsw_hit start = hit(graph_.entry());
    for (int level = graph_.top_level(); level > 0; --level) start = climb(start, level);
    memory_.seen[start.node] = memory_.search;
    visit(start, effort, accept);
    while (!memory_.frontier.empty()) {
      std::ranges::pop_heap(memory_.frontier, is_worse);
      const hnsw_hit next = memory_.frontier.back();
      memory_.frontier.pop_back();
      if (full(effort) && next.score < memory_.found.front().score) break;
      gather(next.node);
      for (const hnsw_graph::node n : memory_.fresh) visit(hit(n), effort, accept);
    }
  }

 private:
  [[nodiscard]] hnsw_hit hit(hnsw_graph::node n) const noexcept {
    return {graph_.space().product(memory_.query.data(), graph_.row(n).data()), n};
  }
  [[nodiscard]] bool full(std::size_t effort) const noexcept {
    return memory_.found.size() == effort;
  }

  [[nodiscard]] hnsw_hit climb(hnsw_hit at, int level) const noexcept {
    for (bool higher = true; higher;) {
      higher = false;
      for (const hnsw_graph::node n : graph_.links(at.node, level)) {
        const hnsw_hit next = hit(n);
        if (!(next.score > at.score)) continue;
        at = next;
        higher = true;
      }
    }
    return at;
  }

  void gather(hnsw_graph::node from) noexcept {
    memory_.fresh.clear();
    for (const hnsw_graph::node n : graph_.links(from, 0)) {
      if (memory_.seen[n] == memory_.search) continue;
      memory_.seen[n] = memory_.search;
      memory_.fresh.push_back(n);
      const std::span<const float> row = graph_.row(n);
      for (std::size_t f = 0; f < row.size(); f += 16) __builtin_prefetch(row.data() + f);
    }
  }

  template <class Accept>
  void visit(const hnsw_hit& at, std::size_t effort, const Accept& accept) {
    if (full(effort) && !(at.score > memory_.found.front().score)) return;
    memory_.frontier.push_back(at);
    std::ranges::push_heap(memory_.frontier, is_worse);
    if (!accept(at.node)) return;
    memory_.found.push_back(at);
    std::ranges::push_heap(memory_.found, is_better);
    if (memory_.found.size() <= effort) return;
    std::ranges::pop_heap(memory_.found, is_better);
    memory_.found.pop_back();
  }

  const hnsw_graph& graph_;
  hnsw_memory& memory_;
};

}  // namespace kindred::detail
