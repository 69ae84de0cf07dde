#include "cli/child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string_view>

extern char** environ;

namespace policyconv::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// A program that complains without end is cut; what it says first is the reason.
constexpr std::size_t most_complaints = 1U << 16U;

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  [[nodiscard]] bool valid() const { return ends_[0] >= 0; }
  [[nodiscard]] int reading() const { return ends_[0]; }
  [[nodiscard]] int writing() const { return ends_[1]; }
  void close(std::size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

/// The environment with one change: messages are read by us, so they must not be translated.
std::vector<std::string> environment() {
  std::vector<std::string> variables = {"LC_ALL=C.UTF-8"};
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (!variable.starts_with("LC_ALL=") && !variable.starts_with("LANGUAGE=")) variables.emplace_back(variable);
  }
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// The error number, or 0 and the child's number.
int start(std::vector<std::string> command, const Pipe& out, const Pipe& err, pid_t& child) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, out.writing(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, err.writing(), STDERR_FILENO);
  ::posix_spawnattr_init(&attributes);
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);  // we ignore it, and a child would inherit that
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> variables = environment();
  const int error = ::posix_spawnp(&child, command.front().c_str(), &files, &attributes, pointers(command).data(),
                                   pointers(variables).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

/// Reads what is there; false at the end.
bool drain(int from, std::string& into, std::size_t most, std::vector<char>& buffer) {
  const ssize_t got = ::read(from, buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR;
  const std::size_t room = most - std::min(most, into.size());
  into.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
  return got > 0;
}

/// Exited if both ends are closed.
ChildResult::End read_both(const Pipe& out, const Pipe& err, Clock::time_point until, std::size_t most,
                           ChildResult& result) {
  using End = ChildResult::End;
  std::array<pollfd, 2> waiting = {{{out.reading(), POLLIN, 0}, {err.reading(), POLLIN, 0}}};
  std::vector<char> buffer(1U << 18U);
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return End::TimedOut;
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return End::TimedOut;
    if (ready <= 0) continue;
    if (waiting[0].revents != 0 && !drain(waiting[0].fd, result.out, result.out.max_size(), buffer)) waiting[0].fd = -1;
    if (waiting[1].revents != 0 && !drain(waiting[1].fd, result.err, most_complaints, buffer)) waiting[1].fd = -1;
    if (result.out.size() > most) return End::TooLarge;
  }
  return End::Exited;
}

/// Waits for the end of a child that has closed its outputs, and so has hardly anything left to do.
bool wait_until(pid_t child, Clock::time_point until, int& status) {
  for (useconds_t pause = 100;; pause = std::min<useconds_t>(pause * 2, 50'000)) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return true;
    if (Clock::now() >= until) return false;
    ::usleep(pause);
  }
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& command, std::chrono::milliseconds patience, std::size_t most) {
  using End = ChildResult::End;
  ChildResult result;
  Pipe out, err;
  pid_t child = 0;
  const Clock::time_point until = Clock::now() + patience;
  result.code = out.valid() && err.valid() ? start(command, out, err, child) : errno;
  if (result.code != 0) return result;
  out.close(1);
  err.close(1);
  int status = 0;
  result.end = read_both(out, err, until, most, result);
  if (result.end == End::Exited && !wait_until(child, until, status)) result.end = End::TimedOut;
  if (result.end != End::Exited) {
    ::kill(child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  } else if (WIFSIGNALED(status)) {
    result.end = End::Signalled;
    result.code = WTERMSIG(status);
  } else {
    result.code = WEXITSTATUS(status);
  }
  return result;
}

}  // namespace policyconv::cli
