#include <kindred/core/error.hpp>
#include <kindred/io/save.hpp>
#include <kindred/model/dcn.hpp>
#include <kindred/model/multi_task.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../data/support.hpp"
#include "../model/item_model_checks.hpp"
#include "support.hpp"

namespace kindred::network_files_test {

using namespace test;

namespace {

multi_task small_model() {
  multi_task model{{.tasks = {{.name = "rating"}, {.name = "liked", .at_least = 3.0F}},
                    .dimensions = 2,
                    .tower = {.hidden = {3}},
                    .head = {.hidden = {}},
                    .training = {.epochs = 1, .batch_size = 8, .keep_state = true}}};
  model.fit(plain_dataset(30, 4, 3, 1));
  return model;
}

}  // namespace

TEST_CASE("options of a network's file out of range are a format_error") {
  const temporary_folder folder;
  save(small_model(), folder.path("model"));
  const std::string bytes = read_file(folder.path("model"));
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{R"("dimensions":"2")", R"("dimensions":"0")"},
        {R"("dimensions":"2")", R"("dimensions":"3")"},
        {R"("tower.hidden":"1")", R"("tower.hidden":"9")"},
        {R"("tower.hidden0":"3")", R"("tower.hidden0":"4")"},
        {R"("tower.function":"1")", R"("tower.function":"9")"},
        {R"("tasks":"2")", R"("tasks":"1")"},
        {R"("tasks":"2")", R"("tasks":"0")"},
        {R"("tasks0.loss":"squared_error")", R"("tasks0.loss":"squared error")"},
        {R"("tasks0.at_least":"none")", R"("tasks0.at_least":"nine")"},
        {R"("training.optimizer":"adam")", R"("training.optimizer":"adom")"},
        {R"("training.optimizer.beta1":"0.9")", R"("training.optimizer.beta1":"1.0")"},
        {R"("training.batch_size":"8")", R"("training.batch_size":"0")"},
        {R"("training.l1":"0")", R"("training.l1":"x")"},
        {R"("num_users":"4")", R"("num_users":"5")"},
        {R"("num_items":"3")", R"("num_items":"0")"},
        {R"("epochs":"1","features)", R"("epochs":"x","features)"},
        {R"("resumable":"true")", R"("resumable":"trui")"},
        {R"("biases":"true")", R"("biases":"trui")"}}) {
    const std::string_view changed = to;
    CAPTURE(changed);
    std::string odd = bytes;
    const std::size_t at = odd.find(from);
    REQUIRE(at != std::string::npos);
    odd.replace(at, from.size(), to);
    CHECK_THROWS_AS(
        (void)load_model<multi_task>(folder.write("odd", odd), {.verify_checksum = false}),
        format_error);
  }
}

TEST_CASE("a change of a byte of a network's file is a format_error") {
  const temporary_folder folder;
  const dataset train = plain_dataset(30, 4, 3, 1);
  save(small_model(), folder.path("model"));
  const std::string bytes = read_file(folder.path("model"));
  for (std::size_t at = 0; at < bytes.size(); at += 19) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const std::string copy = folder.write("damaged", damaged);
    try {  // sound or refused, and no sanitizer has anything to say
      auto odd = load_model<multi_task>(copy, {.verify_checksum = false});
      (void)answers_of(odd);
      odd.resume(train);
    } catch (const error&) {
    }
    REQUIRE_THROWS_AS((void)load_model<multi_task>(copy), format_error);
  }
}

TEST_CASE("networks of different kinds are different kinds of file") {
  const temporary_folder folder;
  save(small_model(), folder.path("model"));
  CHECK_THROWS_AS((void)load_model<dcn>(folder.path("model")), format_error);
}

}  // namespace kindred::network_files_test
