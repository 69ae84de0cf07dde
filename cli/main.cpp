#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/run.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write error like any other, not a silent end
  try {
    const int status = policyconv::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc}, std::cin, std::cout, std::cerr);
    std::cout.flush();
    return std::cout ? status : 1;
  } catch (const std::exception& error) {
    std::cerr << "policyconv: internal error, please report it: " << error.what() << '\n';
  } catch (...) {
    std::cerr << "policyconv: internal error, please report it\n";
  }
  return 1;
}
