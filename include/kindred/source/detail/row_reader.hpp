#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/external_id.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/detail/id_strings.hpp>
#include <kindred/source/detail/rating_field.hpp>
#include <kindred/source/detail/row_fields.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace kindred::detail {

/// Reads rows in memory into batches.
class row_reader {
 public:
  /// Empties the batch for the rows that follow; its texts are good until the next one.
  void start(rating_batch& batch) noexcept {
    batch_ = &batch;
    batch.clear();
    strings_.clear();
  }

  /// Precondition: start() was called.
  template <class Row>
  void read(const Row& row) {
    static_assert(rating_row<Row>,
                  "a row has a user and an item, which are integers or text; it may have a rating "
                  "and a weight, which are numbers, and a time, an integer or a sys_time");
    ++row_number_;
    float rating = 1;
    std::int64_t time = 0;
    float weight = 1;
    const bool is_good = check_id<rating_field::user>(row) && check_id<rating_field::item>(row) &&
                         read_number<rating_field::rating>(row, rating) && read_time(row, time) &&
                         read_number<rating_field::weight>(row, weight) && check_weight(weight);
    if (!is_good) return;
    add(batch_->users, get_field<rating_field::user>(row));
    add(batch_->items, get_field<rating_field::item>(row));
    batch_->values.push_back(rating);
    if constexpr (has_field<rating_field::time, Row>) batch_->times.push_back(time);
    if constexpr (has_field<rating_field::weight, Row>) batch_->weights.push_back(weight);
    batch_->lines.push_back(row_number_);
  }

 private:
  template <rating_field Field, class Row>
  bool check_id(const Row& row) {
    if constexpr (!std::integral<field_of<Field, Row>>)
      if (std::string_view(get_field<Field>(row)).empty()) return reject(Field, {}, "is empty");
    return true;
  }

  /// Leaves the value alone if the row has none.
  template <rating_field Field, class Row>
  bool read_number(const Row& row, float& value) {
    if constexpr (has_field<Field, Row>) {
      const auto number = static_cast<double>(get_field<Field>(row));
      if (const char* const trouble = narrow(number, value); trouble != nullptr)
        return reject(Field, to_text(number), trouble);
    }
    return true;
  }

  template <class Row>
  bool read_time(const Row& row, std::int64_t& seconds) {
    if constexpr (std::integral<field_of<rating_field::time, Row>>) {
      const auto time = get_field<rating_field::time>(row);
      if (!std::in_range<std::int64_t>(time))
        return reject(rating_field::time, to_text(time), "is out of range");
      seconds = static_cast<std::int64_t>(time);
    } else if constexpr (has_field<rating_field::time, Row>) {
      const auto time =
          std::chrono::floor<std::chrono::seconds>(get_field<rating_field::time>(row));
      seconds = time.time_since_epoch().count();
    }
    return true;
  }

  bool check_weight(float weight) {
    return weight > 0 || reject(rating_field::weight, to_text(weight), "is not positive");
  }

  /// A column of ids stays integers until one does not fit.
  template <external_id Id>
  void add(id_column& column, const Id& id) {
    if constexpr (std::integral<Id>) {
      if (column.texts.empty() && std::in_range<std::int64_t>(id))
        return column.integers.push_back(static_cast<std::int64_t>(id));
      spell_out(column, strings_);
    }
    column.texts.push_back(strings_.emplace_back(id_text(id)));
  }

  bool reject(rating_field field, std::string value, std::string_view trouble) {
    batch_->rejected.push_back({row_number_, static_cast<std::uint64_t>(field) + 1,
                                std::move(value),
                                std::string(name_of(field)) + ' ' + std::string(trouble)});
    return false;
  }

  rating_batch* batch_ = nullptr;
  std::uint64_t row_number_ = 0;  ///< of the row that is read, from 1
  id_strings strings_;            ///< the texts of the batch
};

}  // namespace kindred::detail
