#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/detail/numeric_scale.hpp>
#include <kindred/data/detail/terms.hpp>
#include <kindred/data/detail/vocabulary.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/features.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::detail {

/// Turns the rows of one column into a few inputs, as feature_encoding says.
class column_encoder {
 public:
  static constexpr std::string_view kind = "feature_column";

  /// Learns from the given rows of the column.
  column_encoder(const feature_encoding& encoding, const feature_column& column,
                 std::span<const index> rows)
      : name_(encoding.name) {
    std::visit(
        [&](const auto& c) {
          column_kind_ = c.kind;
          if constexpr (std::is_same_v<decltype(c), const numeric_column&>)
            coding_ = numeric_scale::of(c, rows);
          else if (encoding.buckets > 0)
            coding_ = vocabulary({}, encoding.buckets);
          else
            coding_ = vocabulary::of(c, rows, encoding.min_count);
        },
        column);
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::int64_t size() const {
    return std::visit([](const auto& coding) -> std::int64_t { return coding.size(); }, coding_);
  }

  /// The column of the table that this one encodes. Throws data_error if there is none, or if it is
  /// of another kind.
  [[nodiscard]] const feature_column& find_in(std::string_view side,
                                              const feature_table& table) const {
    const feature_column& column = column_of(side, table, name_);
    const std::string_view found = std::visit([](const auto& c) { return c.kind; }, column);
    if (found != column_kind_)
      throw data_error(std::string(side) + ": feature column " + quoted(name_) + " is " +
                       std::string(found) + ", not " + column_kind_);
    return column;
  }

  /// Calls `sink(input, value)` for the inputs that are not 0, ascending. Precondition: the column
  /// is one that find_in() returned.
  template <class Sink>
  void encode(const feature_column& column, index row, Sink& sink) const {
    std::visit([&](const auto& c) { encode_row(c, row, sink); }, column);
  }
  /// The same for a row of which nothing is known.
  template <class Sink>
  void encode_unknown(Sink& sink) const {
    const auto* terms = std::get_if<vocabulary>(&coding_);
    if (terms != nullptr && !terms->hashed() && column_kind_ == categorical_column::kind)
      sink(0, 1.0F);
  }

  template <class Writer>
  void write(Writer& out) const {
    out.set("name", name_);
    out.set("column_kind", column_kind_);
    if (const auto* scale = std::get_if<numeric_scale>(&coding_)) {
      out.set("mean", scale->mean());
      out.set("deviation", scale->deviation());
      out.set("some_missing", scale->some_missing());
    } else {
      const auto& terms = std::get<vocabulary>(coding_);
      out.set("buckets", terms.buckets());
      out.add("vocabulary", terms.terms());
    }
  }
  /// Throws data_error for what no column is.
  template <class Reader>
  [[nodiscard]] static column_encoder read(const Reader& in) {
    column_encoder result;
    result.name_ = in.template get<std::string>("name");
    result.column_kind_ = in.template get<std::string>("column_kind");
    if (result.column_kind_ == numeric_column::kind)
      result.coding_ =
          numeric_scale(in.template get<double>("mean"), in.template get<double>("deviation"),
                        in.template get<bool>("some_missing"));
    else if (result.column_kind_ == categorical_column::kind ||
             result.column_kind_ == multi_hot_column::kind ||
             result.column_kind_ == text_column::kind)
      result.coding_ = vocabulary(in.ids("vocabulary"), in.template get<index>("buckets"));
    else
      throw data_error("no kind of feature column: " + quoted(result.column_kind_));
    return result;
  }

 private:
  column_encoder() = default;

  template <class Sink>
  void encode_row(const numeric_column& column, index row, Sink& sink) const {
    std::get<numeric_scale>(coding_).encode(column[row], sink);
  }
  template <class Column, class Sink>
  void encode_row(const Column& column, index row, Sink& sink) const {
    const auto& terms = std::get<vocabulary>(coding_);
    std::vector<index> numbers;
    for_each_term(column, row,
                  [&](std::string_view term) { numbers.push_back(terms.number(term)); });
    std::sort(numbers.begin(), numbers.end());
    for (auto run = numbers.begin(); run != numbers.end();) {
      const auto next = std::upper_bound(run, numbers.end(), *run);
      sink(*run, static_cast<float>(next - run) / static_cast<float>(numbers.size()));
      run = next;
    }
  }

  std::string name_;
  std::string column_kind_;
  std::variant<numeric_scale, vocabulary> coding_;
};

}  // namespace kindred::detail
