#include "tests/ovn/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace policyconv::real_ovn {
namespace {

using namespace std::chrono_literals;

long number(const char* variable, long otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtol(text, nullptr, 10) : otherwise;
}

bool on_terminal() {
  return isatty(STDERR_FILENO) == 1;
}

}  // namespace

Options options(std::chrono::seconds budget) {
  const char* only = std::getenv("POLICYCONV_OVN_CASE");
  return {number("POLICYCONV_OVN_FULL", 0) != 0, std::chrono::seconds(number("POLICYCONV_OVN_SECONDS", budget.count())),
          static_cast<unsigned>(number("POLICYCONV_OVN_SEED", 1)), only ? only : ""};
}

void Progress::at(std::size_t cases, std::size_t flows) {
  const auto now = Clock::now();
  if (now - shown_ < (on_terminal() ? 1s : 15s)) return;
  shown_ = now;
  fmt::print(stderr, "{}{}: {} of {} cases, {} flows, {:.0f}/s{}", on_terminal() ? "\r" : "", what_, cases, total_,
             flows, static_cast<double>(flows) / seconds(), on_terminal() ? "\033[K" : "\n");
}

Progress::~Progress() {
  if (on_terminal()) fmt::print(stderr, "\r\033[K");
}

}  // namespace policyconv::real_ovn
