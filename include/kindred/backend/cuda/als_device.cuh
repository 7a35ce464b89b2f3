#pragma once

#include <kindred/backend/cuda/als_cholesky.cuh>
#include <kindred/backend/cuda/als_descent.cuh>
#include <kindred/backend/cuda/als_device.hpp>
#include <kindred/backend/cuda/als_plan.hpp>
#include <kindred/backend/cuda/als_rows.cuh>
#include <kindred/backend/cuda/als_view.cuh>
#include <kindred/backend/cuda/check.cuh>
#include <kindred/backend/cuda/memory.cuh>
#include <kindred/backend/cuda/plan.hpp>
#include <kindred/backend/cuda/stream.cuh>
#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace kindred::gpu {

/// Entries that do not stay on the device go to two streams in turn, run after run, so that a copy
/// runs beside the work on the run before.
class als_device::body {
 public:
  body(const backend::cuda& where, const als_problem& problem)
      : problem_(problem),
        stride_(shape_of_als_rows(problem.width()).stride),
        solvers_(problem.steps > 0
                     ? 0
                     : matrices_at_once(problem.width(), count_processors(where.device))),
        streamed_(entries_to_stream(where)),
        users_(problem.users, stride_, problem.terms.all_pairs, streamed_),
        items_(problem.items, stride_, problem.terms.all_pairs, streamed_),
        slots_(streamed_ > 0 ? 2 : 1),
        errors_(users_.size(), "the errors of users") {
    const std::size_t most = std::max(longest_run(users_), longest_run(items_));
    for (slot& each : slots_) {
      if (streamed_ > 0) each.entries = device_entries(problem.users, most);
      each.matrices = device_array<float>(solvers_ * matrix_size(), "normal matrices");
    }
  }

  void solve(als_axis axis) {
    for_each_run(axis, [&](slot& at, const als_view& view, std::size_t first, std::size_t count) {
      const index* const order = rows_of(axis).order.data() + first;
      if (problem_.steps > 0) {
        const auto descend = select_descend_rows(stride_);
        descend<<<static_cast<unsigned>(count), als_descent<1, 1>::threads, 0, at.queue.get()>>>(
            view, order, problem_.steps);
        check_launch("a launch of descend_rows");
      } else {
        const auto blocks = static_cast<unsigned>(std::min(count, solvers_));
        solve_rows<<<blocks, als_cholesky::threads, 0, at.queue.get()>>>(view, order, count,
                                                                         at.matrices.data());
        check_launch("a launch of solve_rows");
      }
    });
    make_gramian(rows_of(axis));
  }

  [[nodiscard]] double error() {
    for_each_run(als_axis::users,
                 [&](slot& at, const als_view& view, std::size_t first, std::size_t count) {
                   add_als_errors<<<static_cast<unsigned>(count), warp_size, 0, at.queue.get()>>>(
                       view, first, errors_.data());
                   check_launch("a launch of add_als_errors");
                 });
    std::vector<double> errors(errors_.size());
    errors_.read(errors);
    return std::accumulate(errors.begin(), errors.end(), 0.0);
  }

  void write(als_axis axis, std::span<const float> rows, std::size_t stride) {
    const als_rows& to = rows_of(axis);
    copy_rows(to.rows.data(), stride_, rows.data(), stride, problem_.width(), to.size(),
              cudaMemcpyHostToDevice);
    make_gramian(to);
  }
  void read(als_axis axis, std::span<float> rows, std::size_t stride) const {
    const als_rows& from = rows_of(axis);
    copy_rows(rows.data(), stride, from.rows.data(), stride_, problem_.width(), from.size(),
              cudaMemcpyDeviceToHost);
  }
  void read_gramian(als_axis axis, std::span<float> rows, std::size_t stride) const {
    copy_rows(rows.data(), stride, rows_of(axis).gramian.data(), stride_, problem_.width(),
              problem_.width(), cudaMemcpyDeviceToHost);
  }

 private:
  /// A stream, and what is streamed through it or only its work needs.
  struct slot {
    device_entries entries;
    device_array<float> matrices;
    stream queue;  // last: it is waited for before the rest goes
  };

  [[nodiscard]] std::size_t matrix_size() const noexcept {
    return problem_.width() * row_of_matrix(problem_.width());
  }

  /// Entries of a run, 0 if all stay.
  [[nodiscard]] std::size_t entries_to_stream(const backend::cuda& where) const {
    const als_entries& users = problem_.users;
    const als_entries& items = problem_.items;
    const std::size_t rows = users.penalties.size() + items.penalties.size();
    als_memory needs{
        .fixed = rows * (stride_ * sizeof(float) + 2 * sizeof(index) + sizeof(float)) +
                 users.penalties.size() * sizeof(double) +
                 2 * solvers_ * matrix_size() * sizeof(float),
        .entries = 2 * users.others.size() * device_entries::bytes(users),
        .of_entry = device_entries::bytes(users),
        .longest_row = std::max(longest_row(users.offsets), longest_row(items.offsets))};
    if (problem_.terms.all_pairs)
      needs.fixed += (2 * stride_ * stride_ + most_gramian_parts) * sizeof(float);
    require_option(where.memory == 0 || needs.least() <= where.memory, "memory", where.memory,
                   "[" + detail::to_text(needs.least()) + ", all that the device has]");
    return needs.streamed(memory_budget(where.memory));
  }

  static std::size_t longest_run(const als_rows& side) noexcept {
    std::size_t most = 0;
    for (std::size_t r = 0; r + 1 < side.runs.size(); ++r)
      most = std::max(most, side.begin(r + 1) - side.begin(r));
    return most;
  }

  [[nodiscard]] const als_rows& rows_of(als_axis axis) const noexcept {
    return axis == als_axis::users ? users_ : items_;
  }

  /// Calls `launch(slot, view, first row, count)`, and waits for what it launches.
  template <class Launch>
  void for_each_run(als_axis axis, const Launch& launch) {
    const als_rows& own = rows_of(axis);
    const als_rows& other = rows_of(axis == als_axis::users ? als_axis::items : als_axis::users);
    for (std::size_t r = 0; r + 1 < own.runs.size(); ++r) {
      slot& at = slots_[r % slots_.size()];
      const std::size_t origin = streamed_ > 0 ? own.begin(r) : 0;
      if (streamed_ > 0)
        at.entries.stream_from(own.from, origin, own.begin(r + 1) - origin, at.queue);
      const device_entries& entries = streamed_ > 0 ? at.entries : own.entries;
      launch(at, view_of(own, other, entries, origin), own.runs[r], own.runs[r + 1] - own.runs[r]);
    }
    for (const slot& each : slots_) each.queue.synchronize();
  }

  [[nodiscard]] als_view view_of(const als_rows& own, const als_rows& other,
                                 const device_entries& entries, std::size_t origin) const noexcept {
    return {.offsets = own.offsets.data(),
            .others = entries.others.data(),
            .values = entries.values.data(),
            .weights = entries.weights.data(),
            .origin = origin,
            .penalties = own.penalties.data(),
            .rows = own.rows.data(),
            .fixed = other.rows.data(),
            .gramian = other.gramian.data(),
            .stride = stride_,
            .width = problem_.width(),
            .bias = problem_.biases ? problem_.factors : stride_,
            .bias_penalty = problem_.bias_penalty,
            .terms = problem_.terms};
  }

  /// Where there is to be one.
  void make_gramian(const als_rows& side) {
    if (side.gramian.size() == 0) return;
    const std::size_t per_run = rows_per_gramian(side.size(), stride_);
    const std::size_t runs = (side.size() + per_run - 1) / per_run;
    const std::size_t tiles = stride_ / normal_tile::side;
    const device_array<float> parts(runs * stride_ * stride_, "parts of a Gramian");
    const cudaStream_t queue = slots_.front().queue.get();
    const dim3 grid(static_cast<unsigned>(tiles * tiles), static_cast<unsigned>(runs));
    add_gramian_parts<<<grid, normal_tile::threads, 0, queue>>>({side.rows.data(), stride_},
                                                                side.size(), per_run, parts.data());
    check_launch("a launch of add_gramian_parts");
    add_up_gramian<<<static_cast<unsigned>(stride_), normal_tile::threads, 0, queue>>>(
        parts.data(), runs, stride_, side.gramian.data());
    check_launch("a launch of add_up_gramian");
    slots_.front().queue.synchronize();
  }

  als_problem problem_;
  std::size_t stride_;
  std::size_t solvers_;  ///< thread blocks with a matrix, 0 for conjugate gradients
  std::size_t streamed_;
  als_rows users_;
  als_rows items_;
  std::vector<slot> slots_;
  device_array<double> errors_;
};

}  // namespace kindred::gpu
