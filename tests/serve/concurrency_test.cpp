#include <kindred/serve/recommender.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support.hpp"

namespace kindred::concurrency_test {

using namespace test;

TEST_CASE("One recommender answers many threads at once") {
  const auto train = random_dataset(1200, 60, 150, 61);
  const recommender served{latent_stub<float>(60, 150, 12), train};
  const auto ask = [&](index u) {
    const std::string user = "u" + std::to_string(u);
    auto answer = entries_of(served.recommend(user, 10, {.deny = {"i3"}}));
    for (const auto& entry : entries_of(served.similar_items("i" + user.substr(1), 5)))
      answer.push_back(entry);
    const auto batch = served.recommend(std::vector<std::string>{user, "stranger"}, 3);
    for (const auto& list : batch)
      for (const auto& entry : list.entries()) answer.push_back(entry);
    answer.push_back({u, served.predict(user, "i9").rating});
    return answer;
  };
  std::vector<std::vector<scored_item>> expected;
  for (index u = 0; u < 60; ++u) expected.push_back(ask(u));

  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (index t = 0; t < 8; ++t)
    readers.emplace_back([&, t] {
      for (index n = 0; n < 60; ++n) {
        const index u = (7 * t + n) % 60;
        if (ask(u) != expected[static_cast<std::size_t>(u)]) ++wrong;
      }
    });
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
}

}  // namespace kindred::concurrency_test
