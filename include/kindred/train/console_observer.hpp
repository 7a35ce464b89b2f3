#pragma once

#include <kindred/train/fit_options.hpp>
#include <kindred/train/terminal.hpp>

#include <charconv>
#include <cmath>
#include <ostream>
#include <string>
#include <utility>

namespace kindred {

/// Shows how training goes: a progress bar on a terminal, else a line an epoch.
///
///   model.fit(train, {.observer = kindred::console_observer{std::cout}});
///   model.fit(train, {.observer = kindred::console_observer{
///                         std::cerr, kindred::terminal_of(kindred::standard_stream::error)}});
///
/// The bar rewrites its own line, so nothing else should write to the terminal meanwhile; the
/// cursor always stands at the start of the next line, however training ends.
class console_observer {
 public:
  /// `out` must outlive the observer and its copies.
  explicit console_observer(std::ostream& out, terminal shown_on = terminal::no) noexcept
      : out_(&out), shown_on_(shown_on) {}

  training operator()(const epoch_report& report) const {
    *out_ << (shown_on_ == terminal::yes ? bar(report) : line(report)) << std::flush;
    return training::proceed;
  }

 private:
  /// The RMSE, or the loss of what predicts no ratings.
  struct errors {
    explicit errors(const epoch_report& report)
        : name(std::isnan(report.train_rmse) ? "loss" : "RMSE"),
          train(std::isnan(report.train_rmse) ? report.train_loss : report.train_rmse),
          validation(std::isnan(report.train_rmse) ? report.validation_loss
                                                   : report.validation_rmse) {}
    std::string name;
    double train;
    double validation;
  };

  /// Locale-independent, as everything that kindred formats.
  static std::string fixed(double number, int digits) {
    char buffer[352];  // the longest double has 309 digits before the point
    const auto result =
        std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed, digits);
    return {buffer, result.ptr};
  }

  static std::string progress(const epoch_report& report) {
    return std::to_string(report.epoch) + '/' + std::to_string(report.epochs);
  }

  static std::string line(const epoch_report& report) {
    const errors shown(report);
    std::string text =
        "epoch " + progress(report) + ": train " + shown.name + ' ' + fixed(shown.train, 4);
    if (!std::isnan(shown.validation))
      text += ", validation " + shown.name + ' ' + fixed(shown.validation, 4);
    return text + ", " + fixed(report.ratings_per_second / 1e6, 1) + " M ratings/s, " +
           fixed(report.elapsed.count(), 1) + " s\n";
  }

  /// Fits 80 columns: a line that wraps cannot be drawn anew.
  static std::string bar(const epoch_report& report) {
    constexpr int width = 16;
    const int done =
        report.epochs > 0
            ? static_cast<int>(static_cast<double>(width) * report.epoch / report.epochs)
            : width;
    constexpr const char* back_up_and_erase = "\x1b[1A\x1b[2K";
    std::string text = report.epoch > 1 ? back_up_and_erase : "";
    text += '[';
    for (int i = 0; i < width; ++i) text += i < done ? '#' : '-';
    const errors shown(report);
    text += "] " + progress(report) + "  train " + fixed(shown.train, 4);
    if (!std::isnan(shown.validation)) text += "  valid " + fixed(shown.validation, 4);
    return text + "  " + fixed(report.ratings_per_second / 1e6, 1) + " M/s  " +
           fixed(report.elapsed.count(), 1) + " s\n";
  }

  std::ostream* out_;
  terminal shown_on_;
};

/// An observer that calls several in turn, all of them every time, and stops when one wants to.
template <class... Observers>
[[nodiscard]] auto observe_with(Observers... observers) {
  return [... all = std::move(observers)](const epoch_report& report) mutable {
    bool stop = false;
    ((stop |= all(report) == training::stop), ...);
    return stop ? training::stop : training::proceed;
  };
}

}  // namespace kindred
