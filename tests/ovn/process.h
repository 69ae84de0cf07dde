// Programs that a test starts, and the directory they live in. Nothing outlives the test: not after a failure, not
// after an exception, not after a signal that kills it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace policyconv::real_ovn {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// A child with a process group of its own. It is ended by its pid when the object goes, and killed by the kernel if
/// the test is (PR_SET_PDEATHSIG).
class Process {
 public:
  Process() = default;
  /// `argv[0]` is searched in PATH; standard output and error are appended to `log`. Throws if it cannot be started.
  Process(const std::vector<std::string>& argv, const std::string& log);
  /// Adopts a daemon that a child has left behind; needs adopt_orphans().
  explicit Process(pid_t pid) : pid_(pid) {}
  ~Process() { end(); }
  Process(Process&& other) noexcept : pid_(other.pid_) { other.pid_ = 0; }
  Process& operator=(Process&& other) noexcept;

  [[nodiscard]] bool is_running();
  /// The exit status, or 128 plus the signal.
  int wait();

 private:
  void end();
  pid_t pid_ = 0;
};

/// Daemons detach by leaving their parent; with this they become our children, so that we can wait for their end.
void adopt_orphans();

[[noreturn]] void fail_waiting(const std::string& what);
void pause_polling();

/// Polls until `done()`, which may throw to give up early; throws after `limit`. `what` is for the message.
template <typename Done>
void wait_until(const std::string& what, Done&& done, std::chrono::seconds limit = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) fail_waiting(what);
    pause_polling();
  }
}

}  // namespace policyconv::real_ovn
