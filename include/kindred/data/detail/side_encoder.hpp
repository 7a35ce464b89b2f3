#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/detail/column_encoder.hpp>
#include <kindred/data/detail/encoded_rows_builder.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_field.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/features.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::detail {

/// Whether all entries of rows are in the slots of their fields.
[[nodiscard]] inline bool fit_fields(const encoded_rows& rows,
                                     std::span<const feature_field> fields) noexcept {
  if (rows.fields() != fields.size()) return false;
  const auto offsets = rows.offsets();
  for (std::size_t list = 0; list + 1 < offsets.size(); ++list) {
    const feature_field& field = fields[list % fields.size()];
    for (auto e = static_cast<std::size_t>(offsets[list]); e < offsets[list + 1]; ++e)
      if (rows.slots()[e] < field.first_slot || rows.slots()[e] >= field.end_slot()) return false;
  }
  return true;
}

/// Throws data_error unless an encoder with these fields can have made the rows.
inline void require_encoded(std::string_view side, const encoded_rows& rows,
                            std::span<const feature_field> fields) {
  if (!fit_fields(rows, fields))
    throw data_error(std::string(side) + ": rows that another encoder made");
}

/// Turns users, or items, into sparse rows: a field for the id, if wanted, and one for each column.
class side_encoder {
 public:
  static constexpr std::string_view kind = "feature_side";

  side_encoder() = default;

  /// Learns from those that have ratings: entity e has offsets[e] .. offsets[e + 1] - 1. Encodes
  /// these and what else is in the table. Slots count from `first_slot`. Throws data_error if the
  /// table has fewer rows than there are entities, or if there are too many slots.
  side_encoder(std::string_view side, const feature_selection& selection, bool ids,
               std::span<const index> offsets, index first_slot)
      : first_slot_(first_slot), ids_(ids) {
    std::vector<index> rated;
    std::vector<index> id_numbers(offsets.size() - 1, 0);
    for (std::size_t e = 0; e < id_numbers.size(); ++e) {
      if (offsets[e] == offsets[e + 1]) continue;
      rated.push_back(static_cast<index>(e));
      id_numbers[e] = static_cast<index>(rated.size());
    }
    const auto selected = selected_columns(selection);
    if (!selected.empty()) require_rows(side, selection.table, id_numbers.size());
    for (const feature_encoding& encoding : selected)
      columns_.emplace_back(encoding, column_of(side, selection.table, encoding.name), rated);
    lay_out(ids ? static_cast<index>(rated.size()) : 0);
    if (!selected.empty()) id_numbers.resize(static_cast<std::size_t>(selection.table.rows()), 0);
    rows_ = encode(side, selection.table, id_numbers);
  }

  [[nodiscard]] std::span<const feature_field> fields() const noexcept { return fields_; }
  [[nodiscard]] bool has_ids() const noexcept { return ids_; }
  [[nodiscard]] index first_slot() const noexcept { return first_slot_; }
  [[nodiscard]] index end_slot() const noexcept {
    return fields_.empty() ? first_slot_ : fields_.back().end_slot();
  }
  [[nodiscard]] const encoded_rows& rows() const noexcept { return rows_; }

  /// The rows of a table whose ids are unknown. Throws data_error if it lacks a column.
  [[nodiscard]] encoded_rows encode(std::string_view side, const feature_table& table) const {
    return encode(side, table, std::vector<index>(static_cast<std::size_t>(table.rows()), 0));
  }

  template <class Writer>
  void write(Writer& out) const {
    out.set("first_slot", first_slot_);
    out.set("ids", ids_);
    out.set("known_ids", ids_ ? fields_[0].slots - 1 : 0);
    out.set("columns", columns_.size());
    for (std::size_t c = 0; c < columns_.size(); ++c) out.add(column_name(c), columns_[c]);
    out.add("rows", rows_);
  }
  /// Throws data_error for what contradicts itself.
  template <class Reader>
  [[nodiscard]] static side_encoder read(const Reader& in) {
    side_encoder result;
    result.first_slot_ = in.template get<index>("first_slot");
    result.ids_ = in.template get<bool>("ids");
    const auto known_ids = in.template get<index>("known_ids");
    if (result.first_slot_ < 0 || known_ids < 0) throw data_error("features: a number < 0");
    const auto columns = in.template get<std::size_t>("columns");
    for (std::size_t c = 0; c < columns; ++c)
      result.columns_.push_back(in.template part<column_encoder>(column_name(c)));
    result.lay_out(known_ids);
    result.rows_ = in.template part<encoded_rows>("rows");
    if (!fit_fields(result.rows_, result.fields_))
      throw data_error("features: rows and fields contradict each other");
    return result;
  }

 private:
  static std::string column_name(std::size_t column) { return "column" + to_text(column); }

  static void require_rows(std::string_view side, const feature_table& table, std::size_t count) {
    if (static_cast<std::size_t>(table.rows()) < count)
      throw data_error(std::string(side) + ": the feature table has " + to_text(table.rows()) +
                       " rows for " + to_text(count) + " " + std::string(side));
  }

  void lay_out(index known_ids) {
    const auto add = [&](std::string name, std::int64_t slots) {
      fields_.push_back(make_field(std::move(name), end_slot(), slots));
    };
    if (ids_) add("id", std::int64_t{1} + known_ids);
    for (const column_encoder& column : columns_) add(column.name(), column.size());
  }

  /// Rows with the given numbers of their ids, and that of the unknown.
  [[nodiscard]] encoded_rows encode(std::string_view side, const feature_table& table,
                                    std::span<const index> id_numbers) const {
    std::vector<const feature_column*> columns;
    for (const column_encoder& column : columns_) columns.push_back(&column.find_in(side, table));
    encoded_rows_builder rows(fields_);
    const auto count = static_cast<index>(id_numbers.size());
    for (index row = 0; row < count; ++row) {
      add_id(id_numbers[static_cast<std::size_t>(row)], rows);
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        columns_[c].encode(*columns[c], row, rows);
        rows.end_field();
      }
    }
    add_id(0, rows);
    for (const column_encoder& column : columns_) {
      column.encode_unknown(rows);
      rows.end_field();
    }
    return std::move(rows).finish(count);
  }

  void add_id(index number, encoded_rows_builder& rows) const {
    if (!ids_) return;
    rows(number, 1.0F);
    rows.end_field();
  }

  index first_slot_ = 0;
  bool ids_ = false;
  std::vector<column_encoder> columns_;
  std::vector<feature_field> fields_;
  encoded_rows rows_;
};

}  // namespace kindred::detail
