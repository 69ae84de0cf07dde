#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include <fmt/format.h>

#include "report/terminal.h"

namespace policyconv::cli {
namespace {

using Seconds = std::chrono::duration<double>;

/// Below this an estimate jumps about more than it tells.
constexpr Seconds least_to_estimate{1};
constexpr Seconds between_updates{0.1};

std::string duration_text(Seconds duration) {
  const auto seconds = static_cast<long long>(std::ceil(duration.count()));
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

}  // namespace

std::string progress_text(std::string_view what, std::size_t done, std::size_t total, Seconds elapsed) {
  const auto share = static_cast<double>(done) / static_cast<double>(total);
  std::string text = fmt::format("{}: {} of {}, {} %", what, done, total, static_cast<int>(share * 100));
  if (done > 0 && done < total && elapsed >= least_to_estimate)
    text += fmt::format(", {} left", duration_text(elapsed * (1 / share - 1)));
  return text;
}

ProgressLine::ProgressLine(std::ostream& err)
    : err_(err), shown_(report::is_terminal(err)), begin_(Clock::now()), last_(begin_ - std::chrono::hours(1)) {}

ProgressLine::~ProgressLine() {
  if (shown_) err_ << "\r\x1b[K" << std::flush;
}

std::function<void(double)> ProgressLine::of(std::string_view what) {
  if (!shown_) return {};
  return [this, what](double done) {
    err_ << fmt::format("\r\x1b[K{} {} %", what, static_cast<int>(done * 100)) << std::flush;
  };
}

void ProgressLine::count(std::string_view what, std::size_t done, std::size_t total) {
  if (!shown_ || total == 0) return;
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  if (now - last_ < between_updates && done < total) return;
  last_ = now;
  err_ << "\r\x1b[K" << progress_text(what, done, total, now - begin_) << std::flush;
}

}  // namespace policyconv::cli
