#pragma once

#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/kernel/axpy.hpp>
#include <kindred/kernel/dot.hpp>
#include <kindred/model/detail/host_loop.hpp>
#include <kindred/model/detail/neural/objective.hpp>
#include <kindred/model/detail/neural/popularity_sampler.hpp>
#include <kindred/model/detail/neural/training_events.hpp>
#include <kindred/nn/matrix.hpp>
#include <kindred/nn/ranking_loss.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace kindred::detail {

/// What a softmax is taken over.
struct softmax_plan {
  std::size_t negatives = 0;  ///< drawn for a batch; none: all items of the batch are candidates
  double temperature = 1;
  bool log_q = true;
};

/// How well the item of each event is told from the candidates, which are the same for all events
/// of a batch, by the inner products of their vectors with the user's. For networks whose output is
/// the user's vector and, from a multiple of padded(1) on, the item's. It holds a number for each
/// pair of an event of a batch and a candidate.
class softmax_objective final : public objective {
 public:
  /// For vectors of `dimensions` numbers and batches of at most `batch` events; all references must
  /// outlive it.
  softmax_objective(const training_events& events, popularity_sampler sampler,
                    const softmax_plan& plan, std::size_t dimensions, std::size_t batch,
                    const host_loop& loop)
      : events_(events),
        sampler_(std::move(sampler)),
        plan_(plan),
        dimensions_(dimensions),
        loop_(loop),
        most_candidates_(in_batch() ? batch : plan.negatives),
        width_(nn::padded(most_candidates_ + (in_batch() ? 0 : 1))),
        transposed_(dimensions * nn::padded(most_candidates_)),
        scores_(batch * width_),
        losses_(batch),
        items_(blocks_of(batch) * width_),
        log_q_(items_.size()) {}

  [[nodiscard]] std::size_t num_events() const noexcept override { return events_.size(); }
  [[nodiscard]] std::size_t most_samples(std::size_t events) const noexcept override {
    return events + plan_.negatives;
  }

  /// The events, then the negatives, in which users of the events stand in for none.
  void choose(const event_batch& batch, std::vector<nn::sample>& samples) const override {
    samples.clear();
    for (const index event : batch.events)
      samples.push_back(events_.sample(static_cast<std::size_t>(event)));
    for (std::size_t k = 0; k < plan_.negatives; ++k) {
      nn::sample negative = samples[k % batch.events.size()];
      negative.item = drawn(batch, k);
      samples.push_back(negative);
    }
  }

  objective_sums judge(const event_batch& batch, nn::const_matrix outputs,
                       nn::matrix d_outputs) override {
    const std::size_t events = batch.events.size();
    const std::size_t count = in_batch() ? events : plan_.negatives;
    const nn::const_matrix candidates = candidates_of(outputs, events, count);
    nn::clear(d_outputs);
    note_candidates(batch, count);
    nn::transpose(candidates, transposed(count));
    for_each_block(events, [&](std::size_t block, std::size_t first, std::size_t rows) {
      compare(batch, outputs, block, first, rows, count);
      nn::multiply(scores(first, rows, count), candidates, users_of(d_outputs, first, rows));
      if (!in_batch()) add_positives(outputs, first, rows, d_outputs);
    });
    const nn::matrix d_candidates = candidates_of(d_outputs, events, count);
    for_each_block(count, [&](std::size_t, std::size_t first, std::size_t rows) {
      nn::multiply_transposed(scores(0, events, count).part(first, rows),
                              users_of(outputs, 0, events), d_candidates.band(first, rows));
    });
    objective_sums sums{.squared_error = std::numeric_limits<double>::quiet_NaN()};
    for (std::size_t e = 0; e < events; ++e) {
      sums.loss += losses_[e];
      sums.weight += static_cast<double>(weight(batch, e));
    }
    return sums;
  }

 private:
  static constexpr std::size_t block_rows = 32;  ///< a multiple of padded(1)

  [[nodiscard]] static std::size_t blocks_of(std::size_t rows) noexcept {
    return (rows + block_rows - 1) / block_rows;
  }
  /// Calls `f(block, first, rows)` in parallel.
  template <class Function>
  void for_each_block(std::size_t rows, const Function& f) const {
    for_each_index(loop_, blocks_of(rows), [&](std::size_t block) {
      const std::size_t first = block * block_rows;
      f(block, first, std::min(block_rows, rows - first));
    });
  }

  [[nodiscard]] bool in_batch() const noexcept { return plan_.negatives == 0; }
  [[nodiscard]] index drawn(const event_batch& batch, std::size_t k) const noexcept {
    return sampler_.draw(batch.first_event * plan_.negatives + k);
  }
  [[nodiscard]] index item(const event_batch& batch, std::size_t e) const noexcept {
    return events_.items[static_cast<std::size_t>(batch.events[e])];
  }
  [[nodiscard]] float weight(const event_batch& batch, std::size_t e) const noexcept {
    return events_.weight(static_cast<std::size_t>(batch.events[e]));
  }

  template <class Float>
  [[nodiscard]] nn::matrix_view<Float> users_of(nn::matrix_view<Float> outputs, std::size_t first,
                                                std::size_t rows) const noexcept {
    return outputs.band(first, rows).part(0, dimensions_);
  }
  template <class Float>
  [[nodiscard]] nn::matrix_view<Float> items_of(nn::matrix_view<Float> outputs, std::size_t first,
                                                std::size_t rows) const noexcept {
    return outputs.band(first, rows).part(nn::padded(dimensions_), dimensions_);
  }
  template <class Float>
  [[nodiscard]] nn::matrix_view<Float> candidates_of(nn::matrix_view<Float> outputs,
                                                     std::size_t events,
                                                     std::size_t count) const noexcept {
    return items_of(outputs, in_batch() ? 0 : events, count);
  }

  [[nodiscard]] nn::matrix transposed(std::size_t candidates) noexcept {
    return {transposed_.data(), dimensions_, candidates, nn::padded(candidates)};
  }
  /// First the scores of events for the candidates, then the gradients by them. The positives that
  /// are not among them have the next column.
  [[nodiscard]] nn::matrix scores(std::size_t first, std::size_t rows,
                                  std::size_t candidates) noexcept {
    return {scores_.data() + first * width_, rows, candidates, width_};
  }

  /// Into the list of the first block.
  void note_candidates(const event_batch& batch, std::size_t count) noexcept {
    for (std::size_t k = 0; k < count; ++k) {
      items_[k] = in_batch() ? item(batch, k) : drawn(batch, k);
      log_q_[k] = sampler_.log_q(items_[k]);
    }
  }

  void compare(const event_batch& batch, nn::const_matrix outputs, std::size_t block,
               std::size_t first, std::size_t rows, std::size_t count) noexcept {
    // Each block has a list of its own, whose last element is an event's.
    const std::span<index> items = std::span(items_).subspan(block * width_, width_);
    const std::span<float> log_q = std::span(log_q_).subspan(block * width_, width_);
    if (block > 0) std::copy_n(items_.begin(), count, items.begin());
    if (block > 0) std::copy_n(log_q_.begin(), count, log_q.begin());
    const std::size_t all = in_batch() ? count : count + 1;
    const nn::const_matrix users = users_of(outputs, first, rows);
    const nn::const_matrix positives = items_of(outputs, first, rows);
    nn::multiply(users, transposed(count), scores(first, rows, count));
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t e = first + r;
      const std::span<float> row(scores_.data() + e * width_, all);
      if (!in_batch()) {
        row[count] = kernel::dot(users.row(r).data(), positives.row(r).data(), dimensions_);
        items[count] = item(batch, e);
        log_q[count] = sampler_.log_q(items[count]);
      }
      const float loss =
          nn::softmax_loss(row,
                           {.items = items.first(all),
                            .log_q = plan_.log_q ? log_q.first(all) : std::span<float>(),
                            .positive = in_batch() ? e : count},
                           plan_.temperature);
      losses_[e] = static_cast<double>(weight(batch, e) * loss);
      const float scale = weight(batch, e) / static_cast<float>(batch.events.size());
      for (float& slope : row) slope *= scale;
    }
  }

  /// What the column of the positives adds to the gradients.
  void add_positives(nn::const_matrix outputs, std::size_t first, std::size_t rows,
                     nn::matrix d_outputs) const noexcept {
    for (std::size_t e = first; e < first + rows; ++e) {
      const float slope = scores_[e * width_ + plan_.negatives];
      const float* const vectors = outputs.row(e).data();
      float* const gradients = d_outputs.row(e).data();
      const std::size_t half = nn::padded(dimensions_);
      kernel::axpy(slope, vectors + half, dimensions_, gradients);
      kernel::axpy(slope, vectors, dimensions_, gradients + half);
    }
  }

  const training_events& events_;
  popularity_sampler sampler_;
  softmax_plan plan_;
  std::size_t dimensions_;
  const host_loop& loop_;
  std::size_t most_candidates_;
  std::size_t width_;  ///< of a row of scores
  aligned_vector<float> transposed_;
  aligned_vector<float> scores_;
  std::vector<double> losses_;
  std::vector<index> items_;
  std::vector<float> log_q_;
};

}  // namespace kindred::detail
