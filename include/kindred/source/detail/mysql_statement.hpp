#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/detail/mysql_row.hpp>
#include <kindred/source/detail/mysql_session.hpp>
#include <kindred/source/sql_connection.hpp>

#include <mysql.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kindred::detail {

/// What stands for a `?`; refers to `value`, which the client library only reads.
[[nodiscard]] inline MYSQL_BIND mysql_parameter(const sql_value& value) {
  MYSQL_BIND bind{};
  const auto point_to = [&](enum_field_types type, const void* data, std::size_t size) {
    bind.buffer_type = type;
    bind.buffer = const_cast<void*>(data);
    bind.buffer_length = size;
  };
  std::visit(
      [&](const auto& v) {
        using value_type = std::remove_cvref_t<decltype(v)>;
        if constexpr (std::is_same_v<value_type, std::int64_t>)
          point_to(MYSQL_TYPE_LONGLONG, &v, sizeof v);
        else if constexpr (std::is_same_v<value_type, double>)
          point_to(MYSQL_TYPE_DOUBLE, &v, sizeof v);
        else if constexpr (std::is_same_v<value_type, std::string_view>)
          point_to(MYSQL_TYPE_STRING, v.data() == nullptr ? "" : v.data(), v.size());
        else if constexpr (std::is_same_v<value_type, sql_bytes>)
          point_to(MYSQL_TYPE_BLOB, v.content.data() == nullptr ? "" : v.content.data(),
                   v.content.size());
        else
          bind.buffer_type = MYSQL_TYPE_NULL;
      },
      value);
  return bind;
}

/// A statement in the binary protocol whose rows are fetched one by one from the network.
class mysql_statement final : public sql_statement {
 public:
  mysql_statement(mysql_session& session, std::string_view text)
      : session_(session),
        connection_(session.number()),
        owner_(mysql_stmt_init(session.require_turn(nullptr)), {&session}),
        statement_(owner_.get()) {
    if (statement_ == nullptr) throw std::bad_alloc();
    if (mysql_stmt_prepare(statement_, text.data(), text.size()) != 0)
      throw session.error(statement_);
    name_columns();
  }

  void run(std::span<const sql_value> parameters) override {
    require_connection();
    session_.require_turn(statement_);
    const std::size_t wanted = mysql_stmt_param_count(statement_);
    if (parameters.size() != wanted)
      throw data_error(session_.name() + ": the statement takes " + to_text(wanted) +
                       " values, not " + to_text(parameters.size()));
    give_up_rows();
    parameters_.clear();
    for (const sql_value& value : parameters) parameters_.push_back(mysql_parameter(value));
    if (wanted > 0 && mysql_stmt_bind_param(statement_, parameters_.data()) != 0)
      throw session_.error(statement_);
    session_.begin_reading(statement_);
    try {
      execute();
    } catch (...) {
      give_up_rows();
      throw;
    }
  }

  bool next() override {
    if (!has_rows_) return false;
    require_connection();
    const int status = mysql_stmt_fetch(statement_);
    if (status == 0 || status == MYSQL_DATA_TRUNCATED) {
      row_.take(session_, statement_);
      return true;
    }
    const database_error trouble = session_.error(statement_);  // giving up would clear it
    give_up_rows();
    if (status != MYSQL_NO_DATA) throw database_error(trouble);
    return false;
  }

  [[nodiscard]] std::span<const sql_value> row() const noexcept override { return row_.values(); }
  [[nodiscard]] std::span<const std::string> columns() const noexcept override { return columns_; }
  [[nodiscard]] std::uint64_t changed_rows() const noexcept override { return changed_rows_; }

 private:
  struct closer {
    mysql_session* session;
    void operator()(MYSQL_STMT* statement) const noexcept { session->free(statement); }
  };

  void require_connection() const {
    if (connection_ != session_.number())
      throw session_.error(CR_STMT_CLOSED,
                           "the statement ended with its connection: prepare it anew");
  }

  void name_columns() {
    columns_.clear();
    const MYSQL_FIELD* const fields = mariadb_stmt_fetch_fields(statement_);
    const unsigned count = mysql_stmt_field_count(statement_);
    for (unsigned c = 0; c < count; ++c)
      columns_.emplace_back(fields[c].name, fields[c].name_length);
  }

  void execute() {
    if (mysql_stmt_execute(statement_) != 0) throw session_.error(statement_);
    const unsigned count = mysql_stmt_field_count(statement_);
    has_rows_ = count > 0;
    changed_rows_ = has_rows_ ? 0 : mysql_stmt_affected_rows(statement_);
    if (has_rows_) {
      if (columns_.size() != count) name_columns();  // those of a CALL are known but now
      row_.bind(session_, statement_);
    } else {
      give_up_rows();
    }
  }

  /// Takes what is on its way off the network, so that the connection is free for the next command.
  void give_up_rows() noexcept {
    has_rows_ = false;
    mysql_stmt_free_result(statement_);
    while (mysql_stmt_more_results(statement_) && mysql_stmt_next_result(statement_) == 0) continue;
    session_.end_reading(statement_);
  }

  mysql_session& session_;
  std::uint64_t connection_;  ///< number of the one that it belongs to
  std::unique_ptr<MYSQL_STMT, closer> owner_;
  MYSQL_STMT* statement_;
  std::vector<MYSQL_BIND> parameters_;
  std::vector<std::string> columns_;
  mysql_row row_;
  std::uint64_t changed_rows_ = 0;
  bool has_rows_ = false;
};

}  // namespace kindred::detail
