// How a process ended, in the kernel's words and in ours.
#pragma once

#include <sys/wait.h>

#include <csignal>

#include "watchdog/event/event.h"

namespace pyfault {

// `status`: as wait(2) gives it.
inline ExitEvent exit_of(int status) {
  ExitEvent exit;
  if (WIFSIGNALED(status)) {
    exit.signal = WTERMSIG(status);
    exit.core_dumped = WCOREDUMP(status);
    exit.reason = "signaled";
  } else {
    exit.code = WEXITSTATUS(status);
    exit.reason = "exited";
  }
  return exit;
}

// By itself and well, or by a signal that asks a process to end. systemd calls the same clean
// (systemd.service(5), SuccessExitStatus=).
inline bool is_clean(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 0;
  const int signal = WTERMSIG(status);
  return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGPIPE;
}

}  // namespace pyfault
