#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/detail/erase_rows.hpp>
#include <kindred/data/rating_source.hpp>
#include <kindred/source/arrow_abi.hpp>
#include <kindred/source/detail/arrow_array.hpp>
#include <kindred/source/detail/arrow_column.hpp>
#include <kindred/source/detail/arrow_layout.hpp>
#include <kindred/source/detail/arrow_values.hpp>
#include <kindred/source/detail/id_strings.hpp>
#include <kindred/source/detail/rating_field.hpp>
#include <kindred/source/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Reads record batches, some rows at a time.
class arrow_reader {
 public:
  arrow_reader(arrow_layout layout, std::int64_t ticks_per_second)
      : layout_(std::move(layout)), ticks_per_second_(ticks_per_second) {}

  arrow_reader(const arrow_reader&) = delete;  // columns point to what the layout says of them
  arrow_reader& operator=(const arrow_reader&) = delete;
  ~arrow_reader() = default;

  /// Turns to a record batch, which must stay until it is read. Throws format_error if it is not
  /// what the schema says.
  void open(const ArrowArray& array) {
    check_arrow_array(array, 1, layout_.columns(), layout_.rows());
    const std::int64_t end = array.offset + array.length;
    for (const rating_field role : all_rating_fields)
      if (const auto& field = layout_[role])
        column(role).emplace(*field, array.children[field->place.column - 1], end);
    is_valid_ = arrow_validity(array, 0);
    next_ = array.offset;
    end_ = end;
  }

  [[nodiscard]] bool has_rows() const noexcept { return next_ < end_; }

  /// Fills an empty batch with the next rows. Texts are good until the next call, and as long as
  /// the record batch is there. Throws format_error for an array that contradicts itself.
  void read(rating_batch& batch) {
    constexpr std::int64_t most_rows = 1 << 14;
    const auto rows = static_cast<std::size_t>(std::min(end_ - next_, most_rows));
    strings_.clear();
    faults_.clear();
    is_bad_.assign(rows, 0);
    for (std::size_t r = 0; r < rows; ++r)
      if (!is_valid_[row(r)]) refuse(r, {line(r), 0, {}, "row is NULL"});
    read_ids(rating_field::user, batch.users);
    read_ids(rating_field::item, batch.items);
    read_floats(rating_field::rating, batch.values);
    read_times(batch.times);
    read_floats(rating_field::weight, batch.weights);
    if (batch.values.empty()) batch.values.assign(rows, 1.0F);
    batch.lines.resize(rows);
    std::iota(batch.lines.begin(), batch.lines.end(), line(0));
    take_out_bad_rows(batch);
    next_ += static_cast<std::int64_t>(rows);
    lines_ += rows;
  }

 private:
  [[nodiscard]] std::optional<arrow_column>& column(rating_field role) noexcept {
    return columns_[static_cast<std::size_t>(role)];
  }
  [[nodiscard]] std::int64_t row(std::size_t r) const noexcept {
    return next_ + static_cast<std::int64_t>(r);
  }
  [[nodiscard]] std::uint64_t line(std::size_t r) const noexcept { return lines_ + r + 1; }

  void refuse(std::size_t r, rejected_row fault) {
    is_bad_[r] = 1;
    faults_.push_back(std::move(fault));
  }

  /// Calls `read(at, value)` for the value of each row that is good so far; it returns what is
  /// wrong with it, or nullptr. What bad rows have is of no account.
  template <class Value, class Read>
  void read_column(rating_field role, std::vector<Value>& out, const Read& read) {
    const arrow_column& source = *column(role);
    out.resize(is_bad_.size());
    for (std::size_t r = 0; r < out.size(); ++r) {
      if (is_bad_[r] != 0) continue;
      const std::int64_t at = source.find(row(r));
      if (const char* const trouble = at < 0 ? "is NULL" : read(at, out[r]); trouble != nullptr)
        refuse(r, {line(r), source.place().column, at < 0 ? "" : source.text_of(at),
                   std::string(name_of(role)) + ' ' + trouble});
    }
  }

  void read_ids(rating_field role, id_column& ids) {
    const arrow_values& values = column(role)->values();
    if (values.type().is_text())
      return read_column(role, ids.texts, [&](std::int64_t at, std::string_view& id) {
        id = values.text(at);
        return id.empty() ? "is empty" : nullptr;
      });
    visit_numbers(values, [&](const auto& load) {
      read_column(role, ids.integers, [&](std::int64_t at, std::int64_t& id) {
        id = static_cast<std::int64_t>(load(at));
        return nullptr;
      });
    });
    if (values.type().storage == arrow_storage::uint64) spell_out_large(ids);
  }

  /// A column of ids stays integers unless one does not fit, and has come out as a negative number.
  void spell_out_large(id_column& ids) {
    const auto is_large = [](std::int64_t id) { return id < 0; };
    if (std::none_of(ids.integers.begin(), ids.integers.end(), is_large)) return;
    for (const std::int64_t id : ids.integers)
      ids.texts.push_back(strings_.emplace_back(to_text(static_cast<std::uint64_t>(id))));
    ids.integers.clear();
  }

  void read_floats(rating_field role, std::vector<float>& floats) {
    if (!column(role)) return;
    visit_numbers(column(role)->values(), [&](const auto& load) {
      read_column(role, floats, [&](std::int64_t at, float& value) {
        const char* const trouble = narrow(static_cast<double>(load(at)), value);
        const bool is_weight = role == rating_field::weight;
        return trouble == nullptr && is_weight && !(value > 0) ? "is not positive" : trouble;
      });
    });
  }

  void read_times(std::vector<std::int64_t>& times) {
    if (!column(rating_field::time)) return;
    const arrow_values& values = column(rating_field::time)->values();
    const arrow_type& type = values.type();
    const std::int64_t ticks = type.is_time ? type.ticks_per_second : ticks_per_second_;
    visit_numbers(values, [&](const auto& load) {
      read_column(rating_field::time, times, [&](std::int64_t at, std::int64_t& time) {
        const auto number = load(at);
        bool fits = true;
        if constexpr (std::is_floating_point_v<decltype(number)>) {
          fits = whole_seconds(static_cast<double>(number), ticks, time);
        } else {
          fits = std::in_range<std::int64_t>(number);
          time = whole_seconds(static_cast<std::int64_t>(number), ticks) * type.seconds_per_tick;
        }
        return fits ? nullptr : "is out of range";
      });
    });
  }

  void take_out_bad_rows(rating_batch& batch) {
    if (faults_.empty()) return;
    std::sort(faults_.begin(), faults_.end(),
              [](const rejected_row& a, const rejected_row& b) { return a.line < b.line; });
    std::vector<std::size_t> bad;
    for (const rejected_row& fault : faults_)
      bad.push_back(static_cast<std::size_t>(fault.line - line(0)));
    erase_rows(batch, bad);
    batch.rejected = std::move(faults_);
  }

  arrow_layout layout_;
  std::int64_t ticks_per_second_;
  std::array<std::optional<arrow_column>, rating_fields> columns_;
  arrow_validity is_valid_;
  std::int64_t next_ = 0;  ///< row of the columns
  std::int64_t end_ = 0;
  std::uint64_t lines_ = 0;  ///< rows read so far
  std::vector<std::uint8_t> is_bad_;
  std::vector<rejected_row> faults_;
  id_strings strings_;  ///< texts that are in no array
};

}  // namespace kindred::detail
