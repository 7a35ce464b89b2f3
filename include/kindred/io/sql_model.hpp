#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/mapped_file.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/io/tensor_reader.hpp>
#include <kindred/io/tensor_writer.hpp>
#include <kindred/source/detail/sql_reconnect.hpp>
#include <kindred/source/detail/sql_relation.hpp>
#include <kindred/source/sql_connection.hpp>
#include <kindred/source/sql_retry.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace kindred {

/// Where a database keeps model files: a table with the columns name, position (of the first byte)
/// and content (up to 63 KiB), of which a file has as many rows as it needs.
struct model_table {
  std::string table = "models";
  std::string schema{};  ///< empty for the one that the connection looks in
  sql_retry retry{};
};

namespace detail {

/// Inserts a file in parts, the first of them last: the checksum is known when all is written.
class sql_file_writer {
 public:
  sql_file_writer(sql_statement& insert, std::string_view name) : insert_(insert), name_(name) {}

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      std::string& part = head_.size() < part_bytes ? head_ : part_;
      const std::string_view taken = bytes.substr(0, part_bytes - part.size());
      part += taken;
      bytes.remove_prefix(taken.size());
      if (part_.size() == part_bytes) insert_part();
    }
  }

  /// Precondition: it is within the first part.
  void overwrite(std::size_t offset, std::string_view bytes) {
    head_.replace(offset, bytes.size(), bytes);
  }

  void finish() {
    if (!part_.empty()) insert_part();
    insert(0, head_);
  }

 private:
  static constexpr std::size_t part_bytes = std::size_t{63} << 10;  // MySQL's BLOB holds 65,535

  void insert_part() {
    insert(position_, part_);
    position_ += part_.size();
    part_.clear();
  }
  void insert(std::size_t position, std::string_view content) {
    const std::array<sql_value, 3> row = {name_, static_cast<std::int64_t>(position),
                                          sql_bytes{content}};
    insert_.run(row);
  }

  sql_statement& insert_;
  std::string_view name_;
  std::string head_;
  std::string part_;
  std::size_t position_ = part_bytes;  ///< of `part_`
};

/// The file of a model. One statement reads it: of a file that is replaced meanwhile it sees the
/// old one or the new one.
[[nodiscard]] inline mapped_file read_model_file(sql_connection& db, std::string_view name,
                                                 const model_table& table) {
  const std::string what = std::string(db.name()) + ": model " + quoted(name);
  const auto select = db.prepare("SELECT position, content FROM " +
                                 detail::quoted_table(db, table.schema, table.table) +
                                 " WHERE name = ? ORDER BY position");
  const sql_value wanted = name;
  select->run({&wanted, 1});
  aligned_vector<char> bytes;
  while (select->next()) {
    const auto* const position = std::get_if<std::int64_t>(&select->row()[0]);
    const auto* const part = std::get_if<sql_bytes>(&select->row()[1]);
    if (position == nullptr || part == nullptr || !std::cmp_equal(*position, bytes.size()))
      throw format_error(what, 0, bytes.size() + 1, {}, "a part of the file is not there");
    bytes.insert(bytes.end(), part->content.begin(), part->content.end());
  }
  if (bytes.empty()) throw data_error(what + " is not there");
  return {what, std::move(bytes)};
}

}  // namespace detail

/// Creates a table for models, unless there is one. `bytes` is the type of its content, which a
/// database may call otherwise; it becomes part of the statement as it is. Throws database_error.
inline void create_table(sql_connection& db, const model_table& table,
                         std::string_view bytes = "BLOB") {
  db.execute("CREATE TABLE IF NOT EXISTS " + detail::quoted_table(db, table.schema, table.table) +
             " (name VARCHAR(255) NOT NULL, position BIGINT NOT NULL, content " +
             std::string(bytes) + " NOT NULL, PRIMARY KEY (name, position))");
}

/// Saves a fitted model, or a recommender with its ids, to a database, as the file that `save`
/// would write. It takes the place of the one of that `name` in one transaction: after a crash, and
/// for readers at any time, there is the old one or the new one. Memory for two parts of 63 KiB.
/// Throws database_error, also when a lost connection does not come back.
template <class Model>
void store_model(sql_connection& db, std::string_view name, const Model& model,
                 const model_table& table = {}) {
  tensor_writer out(Model::kind);
  model.write(out);
  detail::with_reconnects(db, table.retry, [&] {
    const std::string place = detail::quoted_table(db, table.schema, table.table);
    sql_transaction whole(db);
    const sql_value old = name;
    db.prepare("DELETE FROM " + place + " WHERE name = ?")->run({&old, 1});
    const auto insert =
        db.prepare("INSERT INTO " + place + " (name, position, content) VALUES (?, ?, ?)");
    detail::sql_file_writer file(*insert, name);
    out.write_to(file);
    file.finish();
    whole.commit();
  });
}

/// Reads what `store_model` wrote, into memory: `load_model<matrix_factorization<>>(db, "shop")`.
/// Throws data_error if there is no model of that name; database_error; and format_error as
/// `load_model` of a path does.
template <class Model>
[[nodiscard]] Model load_model(sql_connection& db, std::string_view name,
                               const model_table& table = {}) {
  const tensor_reader in(detail::with_reconnects(
      db, table.retry, [&] { return detail::read_model_file(db, name, table); }));
  in.check_kind(Model::kind);
  return in.checked([&] { return Model::read(in); });
}

}  // namespace kindred
