#pragma once

#include <kindred/core/error.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace kindred {

/// One evaluation of one point.
struct search_trial {
  std::vector<double> values{};  ///< of the parameters, in the order of the space
  double budget = 1;
  double score = 0;  ///< higher is better; NaN if training diverged

  friend bool operator==(const search_trial&, const search_trial&) = default;
};

/// What a search has found.
struct search_result {
  std::vector<std::string> names{};    ///< of the parameters
  std::vector<search_trial> trials{};  ///< in the order in which they were drawn

  /// The best of the trials with the greatest budget, the first among equals. Throws data_error if
  /// all of those diverged.
  [[nodiscard]] const search_trial& best() const {
    const search_trial* best = nullptr;
    double budget = 0;
    for (const search_trial& trial : trials) budget = std::max(budget, trial.budget);
    for (const search_trial& trial : trials)
      if (trial.budget == budget && !std::isnan(trial.score) &&
          (best == nullptr || trial.score > best->score))
        best = &trial;
    if (best == nullptr) throw data_error("search: no trial has a score");
    return *best;
  }

  /// A table with a header line: the parameters, budget and score. Reads back as the same numbers.
  [[nodiscard]] std::string csv() const;
};

namespace detail {

[[nodiscard]] inline std::string trial_header(const std::vector<std::string>& names) {
  std::string line;
  for (const std::string& name : names) line += name + ',';
  return line + "budget,score\n";
}

[[nodiscard]] inline std::string trial_line(const search_trial& trial) {
  std::string line;
  for (const double value : trial.values) line += to_text(value) + ',';
  return line + to_text(trial.budget) + ',' + to_text(trial.score) + '\n';
}

/// Throws format_error unless the line has that many numbers.
[[nodiscard]] inline std::vector<double> trial_numbers(const std::string& file, std::size_t line,
                                                       std::string_view text, std::size_t count) {
  std::vector<double> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (numbers.size() < count) {
    const auto [next, code] = std::from_chars(at, end, numbers.emplace_back());
    const bool last = numbers.size() == count;
    if (code != std::errc() || (last ? next != end : next == end || *next != ','))
      throw format_error(file, line, numbers.size(), std::string(text), "not a line of trials");
    at = next + (last ? 0 : 1);
  }
  return numbers;
}

/// The trials of a table as csv() writes it. What follows the last line break is left out: a line
/// that was cut off. Throws format_error if the table is of other parameters, or no table.
[[nodiscard]] inline std::vector<search_trial> parse_trials(const std::string& file,
                                                            std::string_view text,
                                                            const std::vector<std::string>& names) {
  std::vector<search_trial> trials;
  std::string header = trial_header(names);
  header.pop_back();
  for (std::size_t line = 1, end = 0; (end = text.find('\n')) != text.npos; ++line) {
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line > 1) {
      std::vector<double> numbers = trial_numbers(file, line, row, names.size() + 2);
      const double score = numbers.back();
      const double budget = numbers[names.size()];
      numbers.resize(names.size());
      trials.push_back({std::move(numbers), budget, score});
    } else if (row != header) {
      throw format_error(file, line, 0, std::string(row), "not the trials of this search");
    }
  }
  return trials;
}

}  // namespace detail

inline std::string search_result::csv() const {
  std::string text = detail::trial_header(names);
  for (const search_trial& trial : trials) text += detail::trial_line(trial);
  return text;
}

}  // namespace kindred
