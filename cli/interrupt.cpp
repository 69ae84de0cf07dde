#include "cli/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>

namespace policyconv::cli {
namespace {

// A signal reaches nothing but what is global.
std::atomic<int> received = 0;
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void note_signal(int number) { received.store(number); }

}  // namespace

StopLater::StopLater() {
  received.store(0);
  struct sigaction later = {};
  later.sa_handler = note_signal;
  sigemptyset(&later.sa_mask);
  later.sa_flags = SA_RESTART;
  for (std::size_t at = 0; at < stop_signals.size(); ++at) {
    ::sigaction(stop_signals[at], nullptr, &before_[at]);
    if (before_[at].sa_handler != SIG_IGN) ::sigaction(stop_signals[at], &later, nullptr);
  }
}

StopLater::~StopLater() {
  for (std::size_t at = 0; at < stop_signals.size(); ++at) ::sigaction(stop_signals[at], &before_[at], nullptr);
  const int number = received.exchange(0);
  if (number == 0) return;
  ::raise(number);
  ::_exit(128 + number);  // the first process of a container is not ended by its own signals
}

bool stop_requested() { return received.load() != 0; }

NoStopNow::NoStopNow() {
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int number : stop_signals) sigaddset(&blocked, number);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
}

NoStopNow::~NoStopNow() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace policyconv::cli
