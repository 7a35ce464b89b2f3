#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/serve/detail/hnsw/hnsw_graph.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Writes nodes, and their lists of links, level by level.
template <class Writer>
void write_graph(Writer& out, const hnsw_graph& graph) {
  aligned_vector<index> items;
  aligned_vector<index> levels;
  aligned_vector<index> counts;
  aligned_vector<index> links;
  aligned_vector<float> rows;
  for (hnsw_graph::node n = 0; n < graph.size(); ++n) {
    items.push_back(graph.item(n));
    levels.push_back(graph.level(n));
    rows.insert(rows.end(), graph.row(n).begin(), graph.row(n).end());
    for (int level = 0; level <= graph.level(n); ++level) {
      const auto list = graph.links(n, level);
      counts.push_back(static_cast<index>(list.size()));
      for (const hnsw_graph::node to : list) links.push_back(static_cast<index>(to));
    }
  }
  out.set("entry", graph.size() == 0 ? unknown_index : static_cast<index>(graph.entry()));
  const auto add = [&](const char* name, aligned_vector<index> array) {
    const std::size_t size = array.size();
    out.add(name, shared_array<index>(std::move(array)), {size});
  };
  out.add("rows", shared_array<float>(std::move(rows)), {items.size(), graph.space().width()});
  add("items", std::move(items));
  add("levels", std::move(levels));
  add("counts", std::move(counts));
  add("neighbors", std::move(links));
}

/// Fills an empty graph with what `write_graph` wrote, and trusts none of it.
/// Throws data_error if it is no graph.
template <class Reader>
class hnsw_graph_reader {
 public:
  hnsw_graph_reader(const Reader& in, hnsw_graph& graph)
      : graph_(graph),
        items_(in.template array<index>("items")),
        levels_(in.template array<index>("levels", {items_.size()})),
        counts_(in.template array<index>("counts")),
        links_(in.template array<index>("neighbors")),
        rows_(in.template array<float>("rows", {items_.size(), graph.space().width()})),
        entry_(in.template get<index>("entry")) {}

  void read() {
    std::unordered_set<index> known;
    std::size_t lists = 0;
    for (const index level : levels_) {
      require(level >= 0 && level <= highest_level);
      lists += static_cast<std::size_t>(level) + 1;
    }
    require(lists == counts_.size());  // before there is memory for them
    for (std::size_t n = 0; n < items_.size(); ++n) {
      require(items_[n] >= 0 && known.insert(items_[n]).second);
      graph_.restore(items_[n], rows_.data() + n * graph_.space().width(), levels_[n]);
    }
    for (std::size_t n = 0; n < items_.size(); ++n)
      for (int level = 0; level <= levels_[n]; ++level)
        read_list(static_cast<hnsw_graph::node>(n), level);
    require(next_link_ == links_.size());
    if (items_.empty()) return require(entry_ == unknown_index);
    require(entry_ >= 0 && static_cast<std::size_t>(entry_) < items_.size() &&
            levels_[static_cast<std::size_t>(entry_)] == std::ranges::max(levels_));
    graph_.set_entry(static_cast<hnsw_graph::node>(entry_));
  }

 private:
  static constexpr int highest_level = 64;  // levels are logarithms of numbers of nodes

  static void require(bool sound) {
    if (!sound) throw data_error("the arrays of a hnsw_index contradict each other");
  }

  void read_list(hnsw_graph::node n, int level) {
    const index count = counts_[next_count_++];
    require(count >= 0 && static_cast<std::size_t>(count) <= graph_.most_links(level) &&
            static_cast<std::size_t>(count) <= links_.size() - next_link_);
    list_.clear();
    for (index k = 0; k < count; ++k) {
      const index to = links_[next_link_++];
      require(to >= 0 && static_cast<std::size_t>(to) < items_.size() &&
              levels_[static_cast<std::size_t>(to)] >= level);
      list_.push_back(static_cast<hnsw_graph::node>(to));
    }
    graph_.set_links(n, level, list_);
  }

  hnsw_graph& graph_;
  shared_array<index> items_;
  shared_array<index> levels_;
  shared_array<index> counts_;
  shared_array<index> links_;
  shared_array<float> rows_;
  index entry_;
  std::size_t next_count_ = 0;
  std::size_t next_link_ = 0;
  std::vector<hnsw_graph::node> list_;
};

}  // namespace kindred::detail
