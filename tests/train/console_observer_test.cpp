#include <doctest/doctest.h>

#include <kindred/train/console_observer.hpp>

#include <chrono>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

namespace kindred::console_observer_test {
namespace {

epoch_report report_of(int epoch, int epochs) {
  epoch_report report{.epoch = epoch, .epochs = epochs, .train_rmse = 1.0 / epoch};
  report.ratings_per_second = 12.34e6;
  report.elapsed = std::chrono::duration<double>(0.25 * epoch);
  return report;
}

/// What a terminal shows after printing `text`, given the two sequences that the bar uses.
std::vector<std::string> screen(const std::string& text) {
  std::vector<std::string> lines(1);
  std::size_t row = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 4, "\x1b[1A") == 0) {
      REQUIRE(row > 0);
      --row;
      at += 3;
    } else if (text.compare(at, 4, "\x1b[2K") == 0) {
      lines[row].clear();
      at += 3;
    } else if (text[at] == '\n') {
      if (++row == lines.size()) lines.emplace_back();
    } else {
      lines[row] += text[at];
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("a stream that is no terminal gets a plain line an epoch") {
  std::ostringstream out;
  const epoch_observer observer = console_observer{out};
  CHECK(observer(report_of(1, 20)) == training::proceed);
  epoch_report report = report_of(2, 20);
  report.validation_rmse = 0.75;
  CHECK(observer(report) == training::proceed);
  CHECK(out.str() ==
        "epoch 1/20: train RMSE 1.0000, 12.3 M ratings/s, 0.2 s\n"
        "epoch 2/20: train RMSE 0.5000, validation RMSE 0.7500, 12.3 M ratings/s, 0.5 s\n");
}

TEST_CASE("a terminal gets one bar that is drawn anew") {
  std::ostringstream out;
  const console_observer observer{out, terminal::yes};
  observer(report_of(1, 4));
  CHECK(screen(out.str()) ==
        std::vector<std::string>{"[####------------] 1/4  train 1.0000  12.3 M/s  0.2 s", ""});
  for (const int epoch : {2, 3, 4}) observer(report_of(epoch, 4));
  CHECK(screen(out.str()) ==
        std::vector<std::string>{"[################] 4/4  train 0.2500  12.3 M/s  1.0 s", ""});
}

TEST_CASE("a second fit leaves the bar of the first") {
  std::ostringstream out;
  const console_observer observer{out, terminal::yes};
  for (const int epoch : {1, 2}) observer(report_of(epoch, 9));  // stopped early
  for (const int epoch : {1, 2}) observer(report_of(epoch, 2));
  const auto lines = screen(out.str());
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].substr(0, 22) == "[###-------------] 2/9");
  CHECK(lines[1].substr(0, 22) == "[################] 2/2");
}

TEST_CASE("the bar fits a terminal of 80 columns") {
  std::ostringstream out;
  epoch_report report = report_of(1, 1000);
  report.validation_rmse = 12.3456;
  report.ratings_per_second = 1234.5e6;
  report.elapsed = std::chrono::duration<double>(86400.0);
  console_observer{out, terminal::yes}(report);
  CHECK(out.str().size() <= 80);
}

TEST_CASE("the format of the caller's stream is neither used nor changed") {
  std::ostringstream out;
  out << std::setprecision(2) << std::scientific;
  console_observer{out}(report_of(1, 1));
  CHECK(out.str() == "epoch 1/1: train RMSE 1.0000, 12.3 M ratings/s, 0.2 s\n");
  out.str("");
  out << 0.5;
  CHECK(out.str() == "5.00e-01");
}

TEST_CASE("several observers are all called, and any can stop") {
  std::string calls;
  const auto recorder = [&](char name, int last) {
    return [&calls, name, last](const epoch_report& report) {
      calls += name;
      return report.epoch < last ? training::proceed : training::stop;
    };
  };
  const epoch_observer both = kindred::observe_with(recorder('a', 2), recorder('b', 9));
  CHECK(both(report_of(1, 9)) == training::proceed);
  CHECK(both(report_of(2, 9)) == training::stop);
  CHECK(calls == "abab");
  const epoch_observer swapped = kindred::observe_with(recorder('b', 9), recorder('a', 2));
  CHECK(swapped(report_of(2, 9)) == training::stop);
  CHECK(kindred::observe_with()(report_of(1, 1)) == training::proceed);
}

}  // namespace kindred::console_observer_test
