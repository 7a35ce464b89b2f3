#include <kindred/core/error.hpp>
#include <kindred/core/option_files.hpp>
#include <kindred/io/save.hpp>
#include <kindred/nn/option_fields.hpp>
#include <kindred/nn/rating_loss.hpp>
#include <kindred/nn/tower.hpp>
#include <kindred/nn/training_options.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../temporary_folder.hpp"

namespace kindred::option_files_test {
namespace {

/// Options as a model, so that they can be saved.
struct options_file {
  static constexpr std::string_view kind = "options";
  nn::training_options training{};
  nn::tower_options tower{};
  nn::rating_loss loss{};

  template <class Writer>
  void write(Writer& out) const {
    const option_writer field(out);
    field("training", training);
    field("tower", tower);
    field("loss", loss);
  }
  template <class Reader>
  [[nodiscard]] static options_file read(const Reader& in) {
    options_file result;
    const option_reader field(in);
    field("training", result.training);
    field("tower", result.tower);
    field("loss", result.loss);
    return result;
  }
};

options_file read_again(const options_file& options) {
  const temporary_folder folder;
  save(options, folder.path("options"));
  return load_model<options_file>(folder.path("options"));
}

/// Options of an optimizer, read as those of a loss.
struct odd {
  static constexpr std::string_view kind = "options";
  void write(tensor_writer& out) const {
    const option_writer field(out);
    field("training", nn::training_options{.optimizer = nn::sgd{}});
  }
  [[nodiscard]] static odd read(const tensor_reader& in) {
    nn::rating_loss loss;
    const option_reader field(in.nested("training"));
    field("optimizer", loss);
    return {};
  }
};

TEST_CASE("whatever an optimizer, a decay or a loss is, it comes back from a file") {
  const std::vector<nn::optimizer> optimizers{nn::sgd{0.1},
                                              nn::momentum{0.2, 0.3},
                                              nn::nesterov{0.4, 0.5},
                                              nn::adagrad{0.6, 0.7, 0.8},
                                              nn::rmsprop{0.9, 0.1, 0.2},
                                              nn::adam{0.3, 0.4, 0.5, 0.6},
                                              nn::adamw{0.7, 0.8, 0.9, 0.1, 0.2},
                                              nn::ftrl{0.3, 0.4, 0.5, 0.6}};
  static_assert(std::variant_size_v<nn::optimizer> == 8);
  for (const auto& optimizer : optimizers) {
    const options_file options{.training = {.optimizer = optimizer}};
    CHECK(read_again(options).training == options.training);
  }
  for (const auto& decay : {decltype(nn::schedule::decay)(nn::no_decay{}),
                            decltype(nn::schedule::decay)(nn::step_decay{0.25, 7}),
                            decltype(nn::schedule::decay)(nn::exponential_decay{0.3}),
                            decltype(nn::schedule::decay)(nn::cosine_decay{0.4})}) {
    const options_file options{.training = {.schedule = {.decay = decay, .warmup_steps = 3}}};
    CHECK(read_again(options).training == options.training);
  }
  for (const auto& loss :
       {nn::rating_loss(nn::squared_error{}), nn::rating_loss(nn::absolute_error{}),
        nn::rating_loss(nn::huber{0.3}), nn::rating_loss(nn::cross_entropy{})})
    CHECK(read_again({.loss = loss}).loss == loss);
}

TEST_CASE("every number of training and of a tower comes back from a file") {
  const options_file options{.training = {.epochs = 1,
                                          .batch_size = 2,
                                          .clipping = {.max_norm = 0.3},
                                          .l1 = 0.4,
                                          .l2 = 0.5,
                                          .embedding_l2 = 0.6,
                                          .hidden_ids = 0.7,
                                          .seed = std::numeric_limits<std::uint64_t>::max(),
                                          .keep_state = true},
                             .tower = {.hidden = {8, 9, 10},
                                       .function = nn::activation::gelu,
                                       .normalize = nn::normalization::layer,
                                       .dropout = 0.11F}};
  const options_file again = read_again(options);
  CHECK(again.training == options.training);
  CHECK(again.tower == options.tower);
  CHECK(read_again({.tower = {.hidden = {}}}).tower.hidden.empty());
}

TEST_CASE("options as text tell them apart") {
  const auto text_of = [](const nn::training_options& o) { return option_texts::of(o); };
  CHECK(text_of({}) == text_of({}));
  CHECK(text_of({.keep_state = true}) != text_of({}));
  CHECK(text_of({.optimizer = nn::adam{.beta1 = 0.8}}) != text_of({}));
  const auto texts = text_of({.optimizer = nn::sgd{.learning_rate = 0.5}});
  CHECK(texts[2] == std::pair<std::string, std::string>{"optimizer", "sgd"});
  CHECK(texts[3] == std::pair<std::string, std::string>{"optimizer.learning_rate", "0.5"});
  CHECK(text_of({.clipping = {.max_value = 2}}) != text_of({}));
}

TEST_CASE("the name of no optimizer is a format_error") {
  const temporary_folder folder;
  save(odd(), folder.path("options"));
  CHECK_THROWS_WITH_AS((void)load_model<odd>(folder.path("options")),
                       (folder.path("options") + ": optimizer is unknown: 'sgd'").c_str(),
                       format_error);
}

}  // namespace
}  // namespace kindred::option_files_test
