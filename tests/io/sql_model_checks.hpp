#pragma once

#include <kindred/core/random.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/io/sql_model.hpp>
#include <kindred/source/sql_connection.hpp>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <thread>

#include "../brittle_connection.hpp"
#include "table_model.hpp"

/// What holds of models in a database, whatever that is.
namespace kindred::test::sql {

/// A model of several parts that starts no thread, so that a child process may use it.
struct large_model {
  static constexpr std::string_view kind = "large";

  shared_array<std::uint8_t> bytes;

  large_model() = default;
  explicit large_model(std::uint8_t id, std::size_t size = 300'000)
      : bytes(aligned_vector<std::uint8_t>(size, id)) {}

  template <class Writer>
  void write(Writer& out) const {
    out.add("bytes", bytes, {bytes.size()});
  }
  template <class Reader>
  [[nodiscard]] static large_model read(const Reader& in) {
    large_model model;
    model.bytes = in.template array<std::uint8_t>("bytes");
    return model;
  }
  friend bool operator==(const large_model& a, const large_model& b) {
    return same_bits(a.bytes, b.bytes);
  }
};

inline void check_models_come_back(const connector& connect) {
  const auto db = connect();
  create_table(*db, model_table{});
  create_table(*db, model_table{});  // it is there
  for (const std::size_t rows : {0U, 7U, 5000U, 100U}) {
    CAPTURE(rows);
    const table_model model(rows, rows + 1);
    store_model(*db, "shop", model);
    CHECK(load_model<table_model>(*db, "shop") == model);
  }
  store_model(*db, "it's; DROP TABLE models --", large_model(3));
  CHECK(load_model<table_model>(*connect(), "shop") == table_model(100, 101));
  CHECK(load_model<large_model>(*connect(), "it's; DROP TABLE models --") == large_model(3));
  for (std::size_t size = 63'488; size <= 64'512; size += 64) {  // about the end of a part
    store_model(*db, "size", large_model(4, size));
    CHECK(load_model<large_model>(*db, "size") == large_model(4, size));
  }
}

inline void check_lost_connections(const connector& connect) {
  const auto reader = connect();
  create_table(*reader, model_table{});
  std::uint8_t id = 1;
  const auto store = [&](int lose_after) {
    CAPTURE(lose_after);
    brittle_connection db(connect);
    db.lose_after(lose_after);
    const large_model model(++id);
    store_model(db, "shop", model);
    CHECK(load_model<large_model>(*reader, "shop") == model);
    return db.was_lost();
  };
  const auto load = [&](int lose_after) {
    CAPTURE(lose_after);
    brittle_connection db(connect);
    db.lose_after(lose_after);
    CHECK(load_model<large_model>(db, "shop") == large_model(id));
    return db.was_lost();
  };
  int calls = 0;
  while (store(calls)) ++calls;
  CHECK(calls > 15);
  calls = 0;
  while (load(calls)) ++calls;
  CHECK(calls > 7);
}

/// A child process stores one model in the place of another, and is killed.
inline void check_killed_processes(const connector& connect) {
  std::uint8_t before = 1;
  {
    const auto db = connect();
    create_table(*db, model_table{});
    store_model(*db, "shop", large_model(before));
  }
  const counter_rng rng(2);
  for (std::uint64_t round = 0; round < 20; ++round) {
    const auto after = static_cast<std::uint8_t>(before + 1);
    const ::pid_t child = ::fork();
    if (child == 0) {
      try {
        store_model(*connect(), "shop", large_model(after));
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(rng.below(round, 20'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    const auto found = load_model<large_model>(*connect(), "shop");
    const bool is_new = found == large_model(after);
    CHECK((is_new || found == large_model(before)));
    if (WIFEXITED(status)) CHECK((WEXITSTATUS(status) == 0 && is_new));
    if (is_new) before = after;
  }
}

}  // namespace kindred::test::sql
