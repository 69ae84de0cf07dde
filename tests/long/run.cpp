#include "tests/long/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "ir/parallel.h"
#include "tests/long/generate.h"

namespace policyconv::long_tests {
namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr && *text != '\0' ? std::strtoull(text, nullptr, 10) : otherwise;
}

class Progress {
 public:
  explicit Progress(std::size_t wanted) : wanted_(wanted) {}
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\033[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void at(const Tally& tally) {
    const auto now = Clock::now();
    if (!on_terminal_ || now - last_ < std::chrono::milliseconds(500)) return;
    last_ = now, shown_ = true;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    fmt::print(stderr, "\r{} of {} flows, {:.0f}/s, {} failures\033[K", tally.flows, wanted_,
               static_cast<double>(tally.flows) / seconds, tally.failures);
  }

 private:
  std::size_t wanted_;
  bool on_terminal_ = isatty(STDERR_FILENO) == 1, shown_ = false;
  Clock::time_point start_ = Clock::now(), last_ = start_;
};

void add(Tally& tally, std::size_t number, int minor, const Judgement& judgement) {
  ++tally.cases;
  if (!judgement.usable) {
    ++tally.unusable;
    return;
  }
  tally.flows += judgement.flows;
  tally.verdicts += judgement.verdicts;
  tally.denied += judgement.denied;
  tally.equal += judgement.equal;
  tally.explained += judgement.explained;
  tally.same += judgement.same;
  tally.results += all_against.size();
  tally.flows_by_minor[minor] += judgement.flows;
  tally.failures += judgement.failures.size();
  for (const Failure& failure : judgement.failures) {
    const auto [at, added] = tally.first.try_emplace(failure.symptom, number);
    if (!added) at->second = std::min(at->second, number);
  }
}

}  // namespace

Plan plan_of(std::uint64_t seed, std::size_t flows) {
  return {number("POLICYCONV_SEED", seed), static_cast<std::size_t>(number("POLICYCONV_FLOWS", flows)),
          std::max(1u, std::thread::hardware_concurrency())};
}

// Cases come in batches whose size depends on the counts of whole batches alone, so that threads do not matter.
Tally run(const Plan& plan) {
  Tally tally;
  Progress progress(plan.flows);
  std::mutex mutex;
  for (std::size_t done = 0; tally.flows < plan.flows;) {
    const std::size_t batch = (plan.flows - tally.flows) / flows_of_case + 1;
    in_parallel(batch, plan.jobs, [&](std::size_t i) {
      const nlohmann::json line = random_case(plan.seed, done + i, flows_of_case);
      const Judgement judgement = judge(line);
      const std::lock_guard lock(mutex);
      add(tally, done + i, minor_of(line), judgement);
      progress.at(tally);
    });
    done += batch;
  }
  return tally;
}

std::string to_string(const Tally& tally, const Plan& plan, double seconds) {
  std::string by_minor;
  for (const auto& [minor, flows] : tally.flows_by_minor)
    by_minor += fmt::format("{}{} of 1.{}", by_minor.empty() ? "" : ", ", flows, minor);
  return fmt::format(
      "seed {}: {} cases ({} not usable), {} flows ({}), {} verdicts: {} equal, {} stricter as reported, {} failures; {} denied; "
      "{} of {} results without any loss; {:.0f} s, {:.0f} flows/s\n",
      plan.seed, tally.cases, tally.unusable, tally.flows, by_minor, tally.verdicts, tally.equal, tally.explained, tally.failures,
      tally.denied, tally.same, tally.results, seconds, static_cast<double>(tally.flows) / seconds);
}

}  // namespace policyconv::long_tests
