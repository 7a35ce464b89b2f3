#pragma once

#include <kindred/core/error.hpp>
#include <kindred/source/sql_connection.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::test {

/// Connects to a database of a test's own, as often as asked.
using connector = std::function<std::unique_ptr<sql_connection>()>;

/// Passes on to another connection, and loses it when it is told to: before a statement is run,
/// after it was run but before that is known, or among its rows. Notes what is prepared.
class brittle_connection final : public sql_connection {
 public:
  explicit brittle_connection(const connector& connect) : connect_(connect), db_(connect()) {}

  /// After so many calls more.
  void lose_after(int calls) { calls_left_ = calls; }
  [[nodiscard]] bool was_lost() const noexcept { return calls_left_ < 0; }
  [[nodiscard]] const std::vector<std::string>& texts() const noexcept { return texts_; }

  [[nodiscard]] std::string_view name() const noexcept override { return db_->name(); }
  [[nodiscard]] std::unique_ptr<sql_statement> prepare(std::string_view text) override {
    count_call();
    texts_.emplace_back(text);
    return std::make_unique<statement>(*this, db_->prepare(text));
  }
  void execute(std::string_view text) override {
    count_call();
    db_->execute(text);
    count_call();
  }
  void reconnect() override {
    db_.reset();
    db_ = connect_();
    is_lost_ = false;
  }
  [[nodiscard]] std::string quoted(std::string_view identifier) const override {
    return db_->quoted(identifier);
  }

 private:
  class statement final : public sql_statement {
   public:
    statement(brittle_connection& owner, std::unique_ptr<sql_statement> real)
        : owner_(owner), real_(std::move(real)) {}
    void run(std::span<const sql_value> parameters) override {
      owner_.count_call();
      real_->run(parameters);
      owner_.count_call();
    }
    bool next() override {
      owner_.count_call();
      return real_->next();
    }
    [[nodiscard]] std::span<const sql_value> row() const noexcept override { return real_->row(); }
    [[nodiscard]] std::span<const std::string> columns() const noexcept override {
      return real_->columns();
    }
    [[nodiscard]] std::uint64_t changed_rows() const noexcept override {
      return real_->changed_rows();
    }

   private:
    brittle_connection& owner_;
    std::unique_ptr<sql_statement> real_;
  };

  void count_call() {
    if (calls_left_ >= 0 && calls_left_-- == 0) is_lost_ = true;
    if (is_lost_) throw database_error(name(), 2013, "the connection was lost", true);
  }

  connector connect_;
  std::unique_ptr<sql_connection> db_;
  int calls_left_ = std::numeric_limits<int>::max();
  bool is_lost_ = false;
  std::vector<std::string> texts_;
};

}  // namespace kindred::test
