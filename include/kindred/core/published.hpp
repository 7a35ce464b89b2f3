#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>

namespace kindred {

/// A shared immutable value that one thread replaces while any number of others read it. Readers
/// are wait-free: five atomic operations, no loop and no lock, whatever the other threads do or
/// however long they sleep; the writer waits for readers that are just copying the pointer. It is
/// the left-right technique on a pair of pointers (Ramalhete, Correia, "Brief announcement:
/// left-right, a concurrency control technique with wait-free population oblivious reads", DISC
/// 2015). std::atomic<std::shared_ptr> would spin on a bit that a sleeping thread may hold.
template <class T>
class published {
 public:
  explicit published(const std::shared_ptr<const T>& value = nullptr) : sides_{value, value} {}

  /// What was `set` last. Safe from any thread.
  [[nodiscard]] std::shared_ptr<const T> get() const noexcept {
    std::atomic<std::size_t>& readers = readers_[gate_.load()];
    readers.fetch_add(1);
    std::shared_ptr<const T> value = sides_[side_.load()];
    readers.fetch_sub(1);
    return value;
  }

  /// Replaces the value: whoever calls `get` from now on sees this one. Not for several threads at
  /// once.
  void set(std::shared_ptr<const T> value) noexcept {
    const std::size_t old_side = side_.load();
    const std::size_t old_gate = gate_.load();
    sides_[1 - old_side] = value;  // nobody reads this side: the last `set` waited for that
    side_.store(1 - old_side);
    // A reader that still reads the old side came in by one of the two gates. First the one that
    // newcomers do not use drains, then they are sent there, and the other one drains.
    drain(1 - old_gate);
    gate_.store(1 - old_gate);
    drain(old_gate);
    sides_[old_side] = std::move(value);
  }

 private:
  void drain(std::size_t gate) const noexcept {
    while (readers_[gate].load() != 0) std::this_thread::yield();
  }

  std::array<std::shared_ptr<const T>, 2> sides_;
  std::atomic<std::size_t> side_{0};
  std::atomic<std::size_t> gate_{0};
  mutable std::array<std::atomic<std::size_t>, 2> readers_{};
};

}  // namespace kindred
