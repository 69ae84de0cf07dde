#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run.h"
#include "ir/exit_status.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write error like any other, not a silent end
  namespace cli = policyconv::cli;
  try {
    const cli::Invocation invocation = cli::invocation_of(argc > 0 ? std::string_view(argv[0]) : std::string_view());
    const int status = cli::run({argv + (argc > 0 ? 1 : 0), argv + argc}, std::cin, std::cout, std::cerr, invocation);
    std::cout.flush();
    return std::cout ? status : policyconv::status::error;
  } catch (const std::exception& error) {
    std::cerr << "policyconv: internal error, please report it: " << error.what() << '\n';
  } catch (...) {
    std::cerr << "policyconv: internal error, please report it\n";
  }
  return policyconv::status::error;
}
