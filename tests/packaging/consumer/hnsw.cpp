#include <kindred/kindred.hpp>
#include <kindred/serve/hnsw.hpp>

#include <vector>

std::vector<kindred::scored_item> search_by_graph() {
  const kindred::hnsw_index index(3);
  return index.search(std::vector<float>{1, 2, 3}, 10);
}
