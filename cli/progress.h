// How far a long run is, in one line of the terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>

namespace policyconv::cli {

/// "reading files: 120 of 5000, 2 %, 1 min 5 s left". `total` is not 0. The rest is not guessed at before there is
/// something to guess from.
[[nodiscard]] std::string progress_text(std::string_view what, std::size_t done, std::size_t total,
                                        std::chrono::duration<double> elapsed);

/// One line that is overwritten, and gone in the end; nothing at all if `err` is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(std::ostream& err);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Shows the share that is done, from 0 to 1. Empty if nothing is shown.
  [[nodiscard]] std::function<void(double)> of(std::string_view what);
  /// Shows `done` of `total`, a few times a second at most. Any thread may call it.
  void count(std::string_view what, std::size_t done, std::size_t total);

 private:
  using Clock = std::chrono::steady_clock;

  std::ostream& err_;
  bool shown_;
  std::mutex mutex_;
  Clock::time_point begin_, last_;
};

}  // namespace policyconv::cli
