#include "tests/bench/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

namespace policyconv::bench {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double seconds_of(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; }

Usage usage_of(const rusage& used, double wall) {
  return {wall, seconds_of(used.ru_utime) + seconds_of(used.ru_stime), static_cast<double>(used.ru_maxrss) * 1024};
}

pid_t forked() {
  std::cout.flush();
  std::fflush(nullptr);  // else a child would print it again
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error(fmt::format("fork: {}", std::strerror(errno)));
  return child;
}

rusage wait_for(pid_t child, int& status) {
  rusage used{};
  while (::wait4(child, &status, 0, &used) < 0)
    if (errno != EINTR) throw std::runtime_error(fmt::format("wait4: {}", std::strerror(errno)));
  return used;
}

[[noreturn]] void become(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const int nothing = ::open("/dev/null", O_RDWR), errors = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (nothing >= 0 && errors >= 0 && ::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(nothing, STDOUT_FILENO) >= 0 &&
      ::dup2(errors, STDERR_FILENO) >= 0)
    ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

std::string end_of(const std::filesystem::path& log) {
  std::ifstream in(log);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

std::string read_all(int file) {
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(file, buffer, sizeof buffer)) != 0;) {
    if (got < 0 && errno != EINTR) break;
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

void write_all(int file, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(file, text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) return;
    if (written > 0) done += static_cast<std::size_t>(written);
  }
}

}  // namespace

// fork, not posix_spawn: the kernel counts the peak of a process from before its exec, and what vfork shares is all of ours.
Usage run_program(const std::vector<std::string>& command, const std::filesystem::path& log) {
  const double start = now();
  const pid_t child = forked();
  if (child == 0) become(command, log);
  int status = 0;
  const rusage used = wait_for(child, status);
  const double wall = now() - start;
  const bool good = WIFEXITED(status) && (WEXITSTATUS(status) == 0 || (WEXITSTATUS(status) >= 3 && WEXITSTATUS(status) <= 5));
  if (!good)
    throw std::runtime_error(fmt::format("{} ended with {} {}:\n{}", fmt::join(command, " "), WIFEXITED(status) ? "status" : "signal",
                                         WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), end_of(log)));
  return usage_of(used, wall);
}

nlohmann::json in_child(const std::function<nlohmann::json()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error(fmt::format("pipe: {}", std::strerror(errno)));
  const pid_t child = forked();
  if (child == 0) {
    nlohmann::json answer;
    try {
      answer["result"] = work();
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    write_all(ends[1], answer.dump());
    ::_exit(0);
  }
  ::close(ends[1]);
  const std::string text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  static_cast<void>(wait_for(child, status));
  const nlohmann::json answer = nlohmann::json::parse(text, nullptr, false);
  if (!answer.is_object()) throw std::runtime_error(fmt::format("a measurement ended with wait status {}", status));
  if (answer.contains("error")) throw std::runtime_error(answer.at("error").get<std::string>());
  return answer.at("result");
}

Meter::Meter() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  start_ = usage_of(used, now());
}

Usage Meter::usage() const {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const Usage end = usage_of(used, now());
  return {end.wall - start_.wall, end.cpu - start_.cpu, end.peak};
}

}  // namespace policyconv::bench
