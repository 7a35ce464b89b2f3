#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/dispatch.hpp>
#include <kindred/kernel/dot.hpp>

// hnswlib defines functions that are not inline where it vectorises by hand, and then no two files
// of a program could include it. Distances come from kernel/dot.hpp.
#pragma push_macro("NO_MANUAL_VECTORIZATION")
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>
#pragma pop_macro("NO_MANUAL_VECTORIZATION")

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>
#include <stdexcept>
#include <string>

namespace kindred::detail {

/// Products of vectors of `width` floats, as the distances of hnswlib: the nearer, the less.
class product_space : public hnswlib::SpaceInterface<float> {
 public:
  explicit product_space(std::size_t width) noexcept : width_(width) {}

  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  [[nodiscard]] float product(const float* a, const float* b) const noexcept {
    return kernel::dot(a, b, width_, level_);
  }

  std::size_t get_data_size() override { return width_ * sizeof(float); }
  void* get_dist_func_param() override { return this; }
  hnswlib::DISTFUNC<float> get_dist_func() override {
    return [](const void* a, const void* b, const void* space) {
      return -static_cast<const product_space*>(space)->product(static_cast<const float*>(a),
                                                                static_cast<const float*>(b));
    };
  }

 private:
  std::size_t width_;
  kernel::simd_level level_ = kernel::best_simd_level();
};

/// The graph of hnswlib, which makes and mends it, with what else reads it. Nodes are numbered in
/// the order in which they came, and called by items; none is ever taken out.
class hnsw_graph {
 public:
  using node = std::uint32_t;

  hnsw_graph(std::size_t width, std::size_t links, std::size_t effort, std::uint32_t seed)
      : space_(width), graph_(&space_, 16, links, effort, seed) {}

  [[nodiscard]] const product_space& space() const noexcept { return space_; }
  [[nodiscard]] node size() const noexcept { return static_cast<node>(graph_.cur_element_count); }
  [[nodiscard]] node entry() const noexcept { return graph_.enterpoint_node_; }
  [[nodiscard]] int top_level() const noexcept { return graph_.maxlevel_; }
  [[nodiscard]] int level(node n) const noexcept { return graph_.element_levels_[n]; }
  [[nodiscard]] std::size_t most_links(int level) const noexcept {
    return level == 0 ? graph_.maxM0_ : graph_.maxM_;
  }
  [[nodiscard]] index item(node n) const noexcept {
    return static_cast<index>(graph_.getExternalLabel(n));
  }
  [[nodiscard]] std::span<const float> row(node n) const noexcept {
    return {reinterpret_cast<const float*>(graph_.getDataByInternalId(n)), space_.width()};
  }
  [[nodiscard]] std::span<const node> links(node n, int level) const noexcept {
    const auto* const list = graph_.get_linklist_at_level(n, level);
    return {list + 1, *reinterpret_cast<const std::uint16_t*>(list)};
  }

  /// Adds a node for the item, or moves the one that it has. O(log(size) * effort * links).
  void put(index item, const float* row) {
    try {
      if (graph_.cur_element_count == graph_.max_elements_)
        graph_.resizeIndex(2 * graph_.max_elements_);
      graph_.addPoint(row, static_cast<hnswlib::labeltype>(item));
    } catch (const std::runtime_error& e) {
      throw error("hnswlib: " + std::string(e.what()));
    }
  }

  /// Puts a node in, as it was in another graph, whose links follow by `set_links`.
  void restore(index item, const float* row, int level) {
    const node n = size();
    if (n == graph_.max_elements_) graph_.resizeIndex(2 * graph_.max_elements_);
    char* const memory = graph_.data_level0_memory_ + n * graph_.size_data_per_element_;
    std::fill_n(memory, graph_.size_data_per_element_, '\0');
    const std::size_t upper = graph_.size_links_per_element_ * static_cast<std::size_t>(level);
    graph_.linkLists_[n] = nullptr;
    if (level > 0) {
      graph_.linkLists_[n] = static_cast<char*>(std::calloc(upper + 1, 1));
      if (graph_.linkLists_[n] == nullptr) throw std::bad_alloc();
    }
    graph_.element_levels_[n] = level;
    ++graph_.cur_element_count;
    graph_.setExternalLabel(n, static_cast<hnswlib::labeltype>(item));
    std::copy_n(row, space_.width(), reinterpret_cast<float*>(graph_.getDataByInternalId(n)));
    graph_.label_lookup_[static_cast<hnswlib::labeltype>(item)] = n;
  }
  void set_links(node n, int level, std::span<const node> links) {
    auto* const list = graph_.get_linklist_at_level(n, level);
    graph_.setListCount(list, static_cast<std::uint16_t>(links.size()));
    std::ranges::copy(links, list + 1);
  }
  void set_entry(node n) noexcept {
    graph_.enterpoint_node_ = n;
    graph_.maxlevel_ = level(n);
  }

 private:
  product_space space_;
  hnswlib::HierarchicalNSW<float> graph_;
};

}  // namespace kindred::detail
