// Signals to stop (SIGINT, SIGTERM, SIGHUP) while files are written: what is half done is taken back first.
#pragma once

#include <array>
#include <cstddef>

#include <csignal>

namespace policyconv::cli {

inline constexpr std::array<int, 3> stop_signals = {SIGINT, SIGTERM, SIGHUP};

/// While it lives, a signal to stop is only noted. When it goes, the program ends by the signal that came, as if it had
/// not been caught: a shell sees 130 or 143. So it is declared before everything that has to be taken back. Signals that
/// are ignored already (nohup) stay so. There is one at a time, on the main thread; other threads that live meanwhile make no
/// difference, as it is a matter of the process.
class StopLater {
 public:
  StopLater();
  ~StopLater();
  StopLater(const StopLater&) = delete;
  StopLater& operator=(const StopLater&) = delete;

 private:
  std::array<struct sigaction, stop_signals.size()> before_{};
};

/// Whether a signal to stop came during the present StopLater. Any thread may ask.
[[nodiscard]] bool stop_requested();

/// While it lives, signals to stop wait; for the calling thread, so that every other one has to have its own.
class NoStopNow {
 public:
  NoStopNow();
  ~NoStopNow();
  NoStopNow(const NoStopNow&) = delete;
  NoStopNow& operator=(const NoStopNow&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace policyconv::cli
