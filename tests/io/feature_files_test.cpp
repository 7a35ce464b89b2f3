#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/data/calendar.hpp>
#include <kindred/data/feature_encoder.hpp>
#include <kindred/io/save.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../data/feature_support.hpp"
#include "../temporary_folder.hpp"

namespace kindred::feature_files_test {

using namespace test;

namespace {

feature_encoder small_encoder() {
  return {{.users = {few_users(), {{"age"}, {"city"}, {"tags", 2}, {.name = "bio", .buckets = 9}}},
           .items = {feature_table(3)},
           .context = {{"weekend", weekend()}}},
          few_ratings()};
}

/// Writes another value, or array, in place of that of a name.
class forging_writer {
 public:
  forging_writer(tensor_writer out, std::string name, std::string value)
      : out_(std::move(out)), name_(std::move(name)), value_(std::move(value)) {}
  forging_writer(tensor_writer out, std::string name, std::vector<int> array)
      : out_(std::move(out)), name_(std::move(name)), array_(std::move(array)) {}

  template <class Value>
  void set(std::string_view name, const Value& value) {
    if (name == name_)
      out_.set(name, value_);
    else
      out_.set(name, value);
  }
  template <class T>
  void add(std::string_view name, const shared_array<T>& array,
           std::initializer_list<std::size_t> shape) {
    aligned_vector<T> forged(array_.size());
    std::transform(array_.begin(), array_.end(), forged.begin(),
                   [](int number) { return static_cast<T>(number); });
    if (name == name_)
      out_.add(name, shared_array<T>(std::move(forged)), {array_.size()});
    else
      out_.add(name, array, shape);
  }
  void add(std::string_view name, const id_map& ids) { out_.add(name, ids); }
  template <class Part>
  requires requires { Part::kind; }
  void add(std::string_view name, const Part& part) {
    forging_writer nested = *this;
    nested.out_ = out_.nested(name);
    const std::string lead = std::string(name) + '.';
    nested.name_ = name_.starts_with(lead) ? name_.substr(lead.size()) : "";
    nested.set("kind", Part::kind);
    part.write(nested);
  }

 private:
  tensor_writer out_;
  std::string name_;
  std::string value_;
  std::vector<int> array_;
};

template <class Change>
void check_refused(const std::string& name, const Change& change) {
  CAPTURE(name);
  const temporary_folder folder;
  tensor_writer out(feature_encoder::kind);
  forging_writer forge(out, name, change);
  small_encoder().write(forge);
  out.save(folder.path("features"));
  CHECK_THROWS_AS((void)load_model<feature_encoder>(folder.path("features")), format_error);
}

}  // namespace

TEST_CASE("a feature encoder that is read encodes as the one that was written") {
  const temporary_folder folder;
  const feature_encoder encoder = small_encoder();
  save(encoder, folder.path("features"));
  const auto loaded = load_model<feature_encoder>(folder.path("features"));
  CHECK(loaded.slots() == encoder.slots());
  CHECK(text_of(loaded.user_fields()) == text_of(encoder.user_fields()));
  CHECK(text_of(loaded.item_fields()) == text_of(encoder.item_fields()));
  CHECK(text_of(loaded.context_fields()) == text_of(encoder.context_fields()));
  for (index row = -1; row <= 4; ++row) {
    CHECK(text_of(loaded.users()[row]) == text_of(encoder.users()[row]));
    CHECK(text_of(loaded.items()[row]) == text_of(encoder.items()[row]));
  }
  const encoded_rows again = loaded.encode_users(few_users());
  const encoded_rows before = encoder.encode_users(few_users());
  for (index row = 0; row < 4; ++row) CHECK(text_of(again[row]) == text_of(before[row]));
  CHECK(loaded.context_slots(std::vector<context_feature>{{"weekend", weekend()}}, few_ratings())
            .size() == 3);
}

TEST_CASE("an encoder of nothing survives a file") {
  const temporary_folder folder;
  save(feature_encoder(), folder.path("features"));
  CHECK(load_model<feature_encoder>(folder.path("features")).slots() == 0);
}

TEST_CASE("a file of features that contradicts itself is a format_error") {
  using text = std::string;
  using array = std::vector<int>;
  check_refused("contexts", text("2"));
  check_refused("context0_count", text("0"));
  check_refused("context0_count", text("257"));
  check_refused("users.first_slot", text("-1"));
  check_refused("users.first_slot", text("1"));
  check_refused("items.first_slot", text("0"));
  check_refused("users.known_ids", text("-1"));
  check_refused("users.known_ids", text("4"));
  check_refused("users.known_ids", text("2147483647"));
  check_refused("users.columns", text("3"));
  check_refused("users.columns", text("5"));
  check_refused("users.column0.column_kind", text("text"));
  check_refused("users.column1.column_kind", text("colour"));
  check_refused("users.column0.deviation", text("-1"));
  check_refused("users.column3.buckets", text("-1"));
  check_refused("users.column3.buckets", text("2147483647"));
  check_refused("users.rows.rows", text("3"));
  check_refused("users.rows.fields", text("0"));
  check_refused("users.rows.offsets", array{0, 1});
  check_refused("items.rows.slots", array{19, 1, 2, 3});
  check_refused("items.rows.slots", array{-1, -1, -1, -1});
  check_refused("items.rows.values", array{1, 1, 1});
}

}  // namespace kindred::feature_files_test
