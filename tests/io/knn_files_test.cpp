#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/item_knn.hpp>
#include <kindred/model/user_knn.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../data/support.hpp"
#include "support.hpp"

namespace kindred::knn_files_test {

namespace {

item_knn small_model() {
  item_knn model{{.similarity = {.measure = similarity::cosine, .shrinkage = 0.5},
                  .predictor = knn_predictor::z_score}};
  model.fit(test::random_dataset(20, 4, 3, 1));
  return model;
}

template <class T>
shared_array<T> array_of(const std::vector<T>& numbers) {
  return aligned_vector<T>(numbers.begin(), numbers.end());
}

/// The arrays of a file of two items and one user, who rated both.
struct arrays {
  std::vector<index> row_offsets{0, 1, 2};
  std::vector<index> row_indices{0, 0};
  std::vector<index> column_offsets{0, 2};
  std::vector<index> column_indices{0, 1};
  std::vector<std::uint64_t> neighbor_offsets{0, 1, 2};
  std::vector<index> neighbor_rows{1, 0};
  std::vector<float> row_biases{0, 0};
};

std::string written(const temporary_folder& folder, const arrays& a) {
  tensor_writer out(item_knn::kind);
  write_options(out, knn_options{.predictor = knn_predictor::mean_centered});
  out.set("min_value", 1.0F);
  out.set("max_value", 5.0F);
  out.set("mean", 3.0);
  out.add("row_offsets", array_of(a.row_offsets), {a.row_offsets.size()});
  out.add("row_indices", array_of(a.row_indices), {a.row_indices.size()});
  out.add("row_values", array_of(std::vector<float>(2, 3)), {2});
  out.add("column_offsets", array_of(a.column_offsets), {a.column_offsets.size()});
  out.add("column_indices", array_of(a.column_indices), {a.column_indices.size()});
  out.add("column_values", array_of(std::vector<float>(2, 3)), {2});
  out.add("neighbor_offsets", array_of(a.neighbor_offsets), {a.neighbor_offsets.size()});
  out.add("neighbor_rows", array_of(a.neighbor_rows), {a.neighbor_rows.size()});
  out.add("similarities", array_of(std::vector<float>(2, 1)), {2});
  out.add("row_biases", array_of(a.row_biases), {a.row_biases.size()});
  out.add("column_biases", shared_array<float>(), {0});
  out.add("row_scales", shared_array<float>(), {0});
  out.save(folder.path("knn"));
  return folder.path("knn");
}

template <class Change>
void check_refused(const temporary_folder& folder, const Change& change) {
  arrays odd;
  change(odd);
  CHECK_THROWS_AS((void)load_model<item_knn>(written(folder, odd)), format_error);
}

}  // namespace

TEST_CASE("lists of a knn file that contradict each other are a format_error") {
  const temporary_folder folder;
  const auto sound = load_model<item_knn>(written(folder, {}));
  CHECK(sound.predict(0, 1) == 3);
  check_refused(folder, [](arrays& a) { a.row_offsets = {}; });
  check_refused(folder, [](arrays& a) { a.row_offsets = {0, 2, 1}; });
  check_refused(folder, [](arrays& a) { a.row_offsets = {0, 1, 3}; });
  check_refused(folder, [](arrays& a) { a.row_offsets = {0, -1, 2}; });
  check_refused(folder, [](arrays& a) { a.row_offsets = {0, 2}; });
  check_refused(folder, [](arrays& a) { a.row_indices = {0, 1}; });
  check_refused(folder, [](arrays& a) { a.row_indices = {0, -1}; });
  check_refused(folder, [](arrays& a) { a.column_offsets = {}; });
  check_refused(folder, [](arrays& a) { a.column_offsets = {1, 2}; });
  check_refused(folder, [](arrays& a) { a.column_indices = {1, 0}; });
  check_refused(folder, [](arrays& a) { a.column_indices = {0, 0}; });
  check_refused(folder, [](arrays& a) { a.column_indices = {0, 2}; });
  check_refused(folder, [](arrays& a) { a.neighbor_offsets = {}; });
  check_refused(folder, [](arrays& a) { a.neighbor_offsets = {0, 2}; });
  check_refused(folder, [](arrays& a) { a.neighbor_offsets = {0, ~std::uint64_t{0}, 2}; });
  check_refused(folder, [](arrays& a) { a.neighbor_rows = {1, 2}; });
  check_refused(folder, [](arrays& a) { a.neighbor_rows = {1, -1}; });
  check_refused(folder, [](arrays& a) { a.row_biases = {0}; });
}

TEST_CASE("options of a knn file out of range are a format_error") {
  const temporary_folder folder;
  save(small_model(), folder.path("knn"));
  const std::string bytes = test::read_file(folder.path("knn"));
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{R"("predictor":"2")", R"("predictor":"7")"},
        {R"("similarity.measure":"0")", R"("similarity.measure":"x")"},
        {R"("similarity.norms":"0")", R"("similarity.norms":"2")"},
        {R"("similarity.shrinkage":"0.5")", R"("similarity.shrinkage":"-.5")"},
        {R"("min_k":"1")", R"("min_k":"0")"}}) {
    std::string odd = bytes;
    odd.replace(odd.find(from), from.size(), to);
    CHECK_THROWS_AS(
        (void)load_model<item_knn>(folder.write("odd", odd), {.verify_checksum = false}),
        format_error);
  }
}

TEST_CASE("every change of a byte of a knn file is a format_error") {
  const temporary_folder folder;
  save(small_model(), folder.path("knn"));
  const std::string bytes = test::read_file(folder.path("knn"));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const std::string copy = folder.write("damaged", damaged);
    REQUIRE_THROWS_AS((void)load_model<item_knn>(copy), format_error);
    try {  // sound or refused, and no sanitizer has anything to say
      auto odd = load_model<item_knn>(copy, {.verify_checksum = false});
      (void)odd.explain(1, 2);
      (void)odd.explain_score(1, 2);
      odd.update(test::random_dataset(21, 4, 3, 1));
    } catch (const format_error&) {
    }
  }
}

TEST_CASE("user and item knn are different kinds of file") {
  const temporary_folder folder;
  save(small_model(), folder.path("knn"));
  CHECK_THROWS_AS((void)load_model<user_knn>(folder.path("knn")), format_error);
}

}  // namespace kindred::knn_files_test
