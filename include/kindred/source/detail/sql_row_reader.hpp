#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/detail/column_finder.hpp>
#include <kindred/source/detail/id_strings.hpp>
#include <kindred/source/detail/rating_field.hpp>
#include <kindred/source/detail/sql_cells.hpp>
#include <kindred/source/sql_connection.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kindred::detail {

/// Reads rows of a database into batches.
class sql_row_reader {
 public:
  sql_row_reader(const column_places& places, std::int64_t ticks_per_second) noexcept
      : places_(places), ticks_per_second_(ticks_per_second) {}

  /// Empties the batch for the rows that follow; its texts are good until the next one.
  void start(rating_batch& batch) noexcept {
    batch_ = &batch;
    batch.clear();
    strings_.clear();
  }

  /// Takes a row, or rejects it; `number` stands for its line. Precondition: start() was called.
  void read(std::span<const sql_value> row, std::uint64_t number) {
    row_ = row;
    number_ = number;
    sql_id user;
    sql_id item;
    float rating = 1;
    std::int64_t time = 0;
    float weight = 1;
    const auto to_id = [](const sql_value& cell, sql_id& id) { return read_id(cell, id); };
    const auto to_float = [](const sql_value& cell, float& value) {
      return read_float(cell, value);
    };
    const auto to_time = [this](const sql_value& cell, std::int64_t& seconds) {
      return read_time(cell, ticks_per_second_, seconds);
    };
    const bool is_good = read_field(rating_field::user, user, to_id) &&
                         read_field(rating_field::item, item, to_id) &&
                         read_field(rating_field::rating, rating, to_float) &&
                         read_field(rating_field::time, time, to_time) &&
                         read_field(rating_field::weight, weight, to_float);
    if (!is_good) return;
    if (!(weight > 0)) return reject(rating_field::weight, "is not positive");
    add(batch_->users, user);
    add(batch_->items, item);
    batch_->values.push_back(rating);
    if (places_[rating_field::time] > 0) batch_->times.push_back(time);
    if (places_[rating_field::weight] > 0) batch_->weights.push_back(weight);
    batch_->lines.push_back(number);
  }

 private:
  /// Leaves the value alone if the field is not read.
  template <class Value, class Convert>
  bool read_field(rating_field field, Value& value, const Convert& convert) {
    if (places_[field] == 0) return true;
    const char* const trouble = convert(row_[places_[field] - 1], value);
    if (trouble != nullptr) reject(field, trouble);
    return trouble == nullptr;
  }

  /// A column of ids stays integers until an id is not one.
  void add(id_column& column, const sql_id& id) {
    if (id.is_integer && column.texts.empty()) return column.integers.push_back(id.integer);
    spell_out(column, strings_);
    column.texts.push_back(
        strings_.emplace_back(id.is_integer ? to_text(id.integer) : std::string(id.text)));
  }

  void reject(rating_field field, std::string_view trouble) {
    batch_->rejected.push_back({number_, places_[field], cell_text(row_[places_[field] - 1]),
                                std::string(name_of(field)) + ' ' + std::string(trouble)});
  }

  column_places places_;
  std::int64_t ticks_per_second_;
  rating_batch* batch_ = nullptr;
  std::span<const sql_value> row_{};
  std::uint64_t number_ = 0;
  id_strings strings_;  ///< the texts of the batch
};

}  // namespace kindred::detail
