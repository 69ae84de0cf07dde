// Doing things on several threads, also where the system has none.
#include <catch2/catch.hpp>

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ir/parallel.h"

using policyconv::beside;
using policyconv::in_parallel;

namespace {

bool can_begin_a_thread() {
  try {
    std::jthread([] {});
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

bool everything_is_done() {
  std::vector<int> done(1000);
  in_parallel(done.size(), 4, [&](std::size_t i) { done[i] += 1; });
  int here = 0, there = 0;
  beside(2, [&] { there = 1; }, [&] { here = 1; });
  return done == std::vector<int>(1000, 1) && here == 1 && there == 1;
}

}  // namespace

TEST_CASE("each piece is done once, on as many threads as there may be") {
  for (const unsigned jobs : {0U, 1U, 2U, 9U})
    for (const std::size_t count : {0U, 1U, 2U, 100U}) {
      std::vector<std::atomic<int>> done(count);
      in_parallel(count, jobs, [&](std::size_t i) { ++done[i]; });
      for (const std::atomic<int>& times : done) CHECK(times == 1);
    }
  CHECK(everything_is_done());
}

TEST_CASE("what is thrown on another thread is thrown here, when all have ended") {
  const auto fail = [](std::size_t i) {
    if (i == 7) throw std::runtime_error("seven");
  };
  CHECK_THROWS_WITH(in_parallel(100, 3, fail), "seven");
  for (const unsigned jobs : {1U, 2U}) {
    bool here = false;
    CHECK_THROWS_WITH(beside(jobs, [&] { fail(7); }, [&] { here = true; }), "seven");
    CHECK(here);
    bool there = false;
    CHECK_THROWS_WITH(beside(jobs, [&] { there = true; }, [&] { fail(7); }), "seven");
    CHECK((there || jobs == 1));
  }
}

TEST_CASE("without a thread to be had, this one does everything") {
  constexpr int skipped = 2;
  const ::pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr ::uid_t nobody = 65534;  // the limit does not hold for root
    if (::geteuid() == 0 && ::setuid(nobody) != 0) ::_exit(skipped);
    const ::rlimit none{0, 0};
    if (::setrlimit(RLIMIT_NPROC, &none) != 0 || can_begin_a_thread()) ::_exit(skipped);
    ::_exit(everything_is_done() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == skipped) WARN("threads cannot be refused here");
  else CHECK(WEXITSTATUS(status) == 0);
}
