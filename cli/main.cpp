#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run.h"
#include "ir/exit_status.h"

namespace {

/// Else the first files that are opened take the numbers of closed streams, and are written into. What is written to such
/// a stream fails, as it should.
void occupy_closed_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(number, F_GETFD) < 0) ::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace

int main(int argc, char** argv) {
  occupy_closed_streams();
  std::ios::sync_with_stdio(false);
  // Else the allocator keeps what is given back once it was large, and texts of many megabytes come and go: a tenth of the peak.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write error like any other, not a silent end
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a file that grows too large
  namespace cli = policyconv::cli;
  try {
    const cli::Invocation invocation = cli::invocation_of(argc > 0 ? std::string_view(argv[0]) : std::string_view());
    const int status = cli::run({argv + (argc > 0 ? 1 : 0), argv + argc}, std::cin, std::cout, std::cerr, invocation);
    std::cout.flush();
    if (!std::cout && status != policyconv::status::error) std::cerr << "policyconv: cannot write to standard output\n";
    std::cerr.flush();  // a report that nobody can have read is no success either
    return std::cout && std::cerr ? status : policyconv::status::error;
  } catch (const std::exception& error) {
    std::cerr << "policyconv: internal error, please report it: " << error.what() << '\n';
  } catch (...) {
    std::cerr << "policyconv: internal error, please report it\n";
  }
  return policyconv::status::error;
}
