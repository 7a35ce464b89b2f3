#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/arrow_abi.hpp>
#include <kindred/source/arrow_options.hpp>
#include <kindred/source/detail/arrow_array.hpp>
#include <kindred/source/detail/arrow_column.hpp>
#include <kindred/source/detail/arrow_type.hpp>
#include <kindred/source/detail/column_finder.hpp>
#include <kindred/source/detail/rating_field.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

[[nodiscard]] inline bool can_be(rating_field role, const arrow_type& type) noexcept {
  switch (role) {
    case rating_field::user:
    case rating_field::item:
      return type.is_integer() || type.is_text();
    case rating_field::rating:
    case rating_field::weight:
      return type.is_number();
    case rating_field::time:
      return type.is_number() || type.is_time;
  }
  return false;
}

/// Which columns of record batches are read, and as what.
class arrow_layout {
 public:
  /// Throws format_error unless the schema is one of record batches that has the columns, and they
  /// are of types that can be read.
  arrow_layout(const ArrowSchema& schema, std::string source, const arrow_options& options)
      : rows_{std::move(source)}, columns_(schema.n_children) {
    if (schema.release == nullptr || schema.format == nullptr) rows_.fail("has no schema");
    if (std::string_view(schema.format) != "+s" || schema.dictionary != nullptr)
      rows_.fail("is no struct, by its Arrow format", schema.format);
    if (columns_ < 0 || (columns_ > 0 && schema.children == nullptr))
      rows_.fail("has " + to_text(columns_) + " columns in its schema");
    std::vector<std::string> names;
    for (std::int64_t c = 0; c < columns_; ++c) {
      const ArrowSchema* const child = schema.children[c];
      if (child == nullptr || child->release == nullptr || child->format == nullptr)
        rows_.fail("has no schema for its column " + to_text(c + 1));
      names.emplace_back(child->name != nullptr ? child->name : "");
    }
    const column_places places = column_finder(options, names, rows_.source, 0).find(true);
    for (const rating_field role : all_rating_fields)
      if (const std::size_t place = places[role]; place > 0)
        fields_[static_cast<std::size_t>(role)] =
            make_field(role, *schema.children[place - 1], {rows_.source, place, names[place - 1]});
  }

  [[nodiscard]] const arrow_place& rows() const noexcept { return rows_; }
  [[nodiscard]] std::int64_t columns() const noexcept { return columns_; }
  [[nodiscard]] const std::optional<arrow_field>& operator[](rating_field role) const noexcept {
    return fields_[static_cast<std::size_t>(role)];
  }

 private:
  static arrow_field make_field(rating_field role, const ArrowSchema& schema, arrow_place place) {
    const ArrowSchema* const dictionary = schema.dictionary;
    std::optional<arrow_type> keys;
    if (dictionary != nullptr) {
      if (dictionary->release == nullptr || dictionary->format == nullptr)
        place.fail("has no schema of its dictionary");
      if (dictionary->dictionary != nullptr) place.fail("has a dictionary in its dictionary");
      keys = parse_arrow_type(schema.format);
      if (!keys || !keys->is_integer()) place.fail("numbers its dictionary by", schema.format);
    }
    const char* const format = dictionary != nullptr ? dictionary->format : schema.format;
    const auto type = parse_arrow_type(format);
    if (!type || !can_be(role, *type))
      place.fail("has an Arrow format that no " + std::string(name_of(role)) + " can have", format);
    return {std::move(place), *type, keys};
  }

  arrow_place rows_;
  std::int64_t columns_;
  std::array<std::optional<arrow_field>, rating_fields> fields_;
};

}  // namespace kindred::detail
