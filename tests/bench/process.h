// Work in processes of its own, so that time, memory and the state of the allocator are of that work alone.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace policyconv::bench {

/// What a process used. `cpu`: of all threads, in user space and in the kernel.
struct Usage {
  double wall = 0, cpu = 0;  // seconds
  double peak = 0;           // resident memory, bytes
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Usage, wall, cpu, peak)

/// Runs a program that is sought on the PATH, without a shell. Throws std::runtime_error with the end of what it said if it
/// ends with an error; that something is stricter, looser or refused (exit status 3 to 5 of policyconv) is none. `log` is
/// where standard error goes.
Usage run_program(const std::vector<std::string>& command, const std::filesystem::path& log);

/// What `work` gives in a forked child. Throws std::runtime_error with what it threw. The caller has one thread.
nlohmann::json in_child(const std::function<nlohmann::json()>& work);

/// What this process uses.
class Meter {
 public:
  Meter();
  /// Since the construction, of this process. The peak is that of its whole life.
  [[nodiscard]] Usage usage() const;

 private:
  Usage start_;
};

}  // namespace policyconv::bench
