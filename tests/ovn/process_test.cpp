// Nothing that these tests start outlives them, however they end.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/ovn/tracer.h"

using namespace policyconv::real_ovn;

namespace {

/// Processes that name `directory` on their command lines, as all of a server's do.
std::size_t processes_of(const std::string& directory) {
  std::size_t count = 0;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
    std::ifstream file(entry.path() / "cmdline");
    const std::string command{std::istreambuf_iterator<char>(file), {}};
    if (command.find(directory) != std::string::npos) ++count;
  }
  return count;
}

struct Started {
  Server server;
  Tracer tracer{server, Conntrack::New};
  std::string directory = std::filesystem::path(server.file("x")).parent_path();
};

/// A process that has started everything and waits; its directory comes through the pipe.
pid_t start_elsewhere(std::string& directory) {
  int ends[2] = {};
  REQUIRE(pipe(ends) == 0);
  const pid_t pid = fork();
  if (pid == 0) {
    for (const int signal : {SIGTERM, SIGINT}) std::signal(signal, SIG_DFL);  // not what Catch2 makes of them
    const Started started;
    (void)!write(ends[1], started.directory.data(), started.directory.size());
    close(ends[1]);
    for (;;) pause();
  }
  close(ends[1]);
  char buffer[256];
  const ssize_t count = read(ends[0], buffer, sizeof buffer);
  close(ends[0]);
  REQUIRE(count > 0);
  directory.assign(buffer, static_cast<std::size_t>(count));
  return pid;
}

}  // namespace

TEST_CASE("the end of a scope ends its processes and removes its directory") {
  std::string directory;
  {
    const Started started;
    directory = started.directory;
    CHECK(processes_of(directory) == 3);
  }
  CHECK(processes_of(directory) == 0);
  CHECK_FALSE(std::filesystem::exists(directory));
}

TEST_CASE("so does an exception") {
  std::string directory;
  try {
    const Started started;
    directory = started.directory;
    throw std::runtime_error("");
  } catch (const std::runtime_error&) {
  }
  CHECK(processes_of(directory) == 0);
}

TEST_CASE("a test that is killed takes its processes along") {
  for (const int signal : {SIGKILL, SIGTERM, SIGINT}) {
    std::string directory;
    const pid_t pid = start_elsewhere(directory);
    CHECK(processes_of(directory) == 3);
    kill(pid, signal);
    waitpid(pid, nullptr, 0);
    wait_until("for the processes of a killed test", [&] { return processes_of(directory) == 0; });
    CHECK(std::filesystem::exists(directory));
    const TemporaryDirectory next;
    CHECK_FALSE(std::filesystem::exists(directory));
  }
}

TEST_CASE("a database without OVN says what is missing") {
  const std::string path = getenv("PATH");
  setenv("PATH", "/nonexistent", 1);
  CHECK_THROWS_WITH(Server(), Catch::Contains("ovn-central"));
  setenv("PATH", path.c_str(), 1);
}
