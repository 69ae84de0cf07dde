#include "tests/ovn/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

namespace policyconv::real_ovn {
namespace {

using namespace std::chrono_literals;

/// True once the child is gone; `status` is as waitpid() fills it.
bool is_gone(pid_t pid, int& status, int flags) {
  pid_t waited = 0;
  do waited = waitpid(pid, &status, flags);
  while (waited < 0 && errno == EINTR);
  return waited != 0;
}

bool is_gone_within(pid_t pid, std::chrono::milliseconds limit) {
  int status = 0;
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!is_gone(pid, status, WNOHANG)) {
    if (std::chrono::steady_clock::now() > end) return false;
    pause_polling();
  }
  return true;
}

/// In the child, where only functions that are safe after fork() may be called.
[[noreturn]] void become(char* const* argv, int log, pid_t parent) {
  setpgid(0, 0);  // a Ctrl-C at the terminal is ours to handle, by way of PR_SET_PDEATHSIG
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before the line above
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execvp(argv[0], argv);
  constexpr char text[] = "cannot execute the program\n";
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
  _exit(127);
}

constexpr std::string_view prefix = "pc-ovn-";

/// A test that is killed leaves its directory behind, named after its pid; the next one clears it away.
void remove_abandoned() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path(), ignored)) {
    const std::string name = entry.path().filename();
    const pid_t owner = name.starts_with(prefix) ? std::atoi(name.c_str() + prefix.size()) : 0;
    if (owner > 0 && kill(owner, 0) != 0 && errno == ESRCH) std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  remove_abandoned();
  // Sockets are made in here, and the path of a socket has at most 107 bytes.
  const std::string file = std::string(prefix) + std::to_string(getpid()) + "-XXXXXX";
  std::string name = (std::filesystem::temp_directory_path() / file).string();
  if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Process::Process(const std::vector<std::string>& argv, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) throw std::system_error(errno, std::generic_category(), log);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(arguments.data(), output, parent);
  close(output);
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), argv.front());
}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = other.pid_;
    other.pid_ = 0;
  }
  return *this;
}

bool Process::is_running() {
  int status = 0;
  if (pid_ > 0 && is_gone(pid_, status, WNOHANG)) pid_ = 0;
  return pid_ > 0;
}

int Process::wait() {
  int status = 0;
  is_gone(pid_, status, 0);
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Process::end() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  if (!is_gone_within(pid_, 2s)) {
    kill(pid_, SIGKILL);
    is_gone_within(pid_, 2s);
  }
  pid_ = 0;
}

void adopt_orphans() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void fail_waiting(const std::string& what) {
  throw std::runtime_error("gave up waiting: " + what);
}

void pause_polling() {
  std::this_thread::sleep_for(1ms);
}

}  // namespace policyconv::real_ovn
