// Interposes kill() and related functions. A signal that the process sends to itself may be
// delivered to any of its threads; only here is the sending thread known.
//
// Context: that of the functions themselves, signal handlers included.
#include "agent/hooks/kill.h"

#include <signal.h>

#include "agent/hooks/real_function.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/handled_fault.h"
#include "agent/in_signal/signal_actions.h"
#include "agent/in_signal/thread_identity.h"

namespace pyfault {
namespace {

constinit RealFunction<int (*)(pid_t, int)> next_kill{"kill"};
constinit RealFunction<int (*)(pid_t, int)> next_killpg{"killpg"};
constinit RealFunction<int (*)(pid_t, int, union sigval)> next_sigqueue{"sigqueue"};

}  // namespace

void note_sent_signal(pid_t pid, int signal) {
  if (is_ours(signal) && (pid <= 0 || pid == own_pid()) && is_own_process()) {
    note_sent_to_self(signal);
  }
}

void find_next_kills() {
  next_kill.get();
  next_killpg.get();
  next_sigqueue.get();
}

}  // namespace pyfault

extern "C" [[gnu::visibility("default")]] int kill(pid_t pid, int signal) noexcept {
  pyfault::note_sent_signal(pid, signal);
  return pyfault::next_kill.get()(pid, signal);
}

extern "C" [[gnu::visibility("default")]] int killpg(pid_t group, int signal) noexcept {
  pyfault::note_sent_signal(-group, signal);
  return pyfault::next_killpg.get()(group, signal);
}

extern "C" [[gnu::visibility("default")]] int sigqueue(pid_t pid, int signal,
                                                       const union sigval value) noexcept {
  pyfault::note_sent_signal(pid, signal);
  return pyfault::next_sigqueue.get()(pid, signal, value);
}
