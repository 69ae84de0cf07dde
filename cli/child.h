// A program run to its end, without a shell. Used by what asks kubectl.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace policyconv::cli {

struct ChildResult {
  enum class End { Exited, Signalled, TimedOut, TooLarge, NotStarted } end = End::NotStarted;
  int code = 0;     // exit status, signal, or errno
  std::string out;  // standard output, all of it
  std::string err;  // standard error; of a very long one the beginning
};

/// Runs `command` (its program is sought on the PATH) with nothing on standard input, and reads both outputs at the
/// same time, so that neither can fill up and block. Messages are asked for in English. After `patience`, and when it has
/// printed more than `most` bytes, it is killed.
[[nodiscard]] ChildResult run_child(const std::vector<std::string>& command, std::chrono::milliseconds patience,
                                    std::size_t most = static_cast<std::size_t>(-1));

}  // namespace policyconv::cli
