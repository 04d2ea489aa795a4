#include "watchdog/supervise/ending.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pyfault {
namespace {

// The limit alone does not prevent a core_pattern that is a pipe from being run.
void disable_core_dump() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

// Uses the system call, because glibc's functions refuse the two signals that it reserves.
void restore_default(int signal) {
  const unsigned long default_action[4] = {};  // handler, flags, restorer, mask
  ::syscall(SYS_rt_sigaction, signal, default_action, nullptr, sizeof default_action[3]);
}

void unblock(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void die_by(int signal) {
  disable_core_dump();
  restore_default(signal);
  unblock(signal);
  ::kill(::getpid(), signal);
}

}  // namespace

void end_as(int wait_status) {
  if (!WIFSIGNALED(wait_status)) ::_exit(WEXITSTATUS(wait_status));
  die_by(WTERMSIG(wait_status));
  ::_exit(128 + WTERMSIG(wait_status));
}

}  // namespace pyfault
