// Interprets the wait(2) status of a process.
#pragma once

#include <sys/wait.h>

#include <csignal>

#include "watchdog/event/event.h"

namespace pyfault {

// Converts a wait(2) status.
inline ExitEvent exit_of(int status) {
  ExitEvent exit;
  if (WIFSIGNALED(status)) {
    exit.signal = WTERMSIG(status);
    exit.core_dumped = WCOREDUMP(status);
    exit.reason = ExitReason::kSignaled;
  } else {
    exit.code = WEXITSTATUS(status);
    exit.reason = ExitReason::kExited;
  }
  return exit;
}

// Whether the process exited with 0, or died of a signal that asks a process to end. This is
// systemd's definition of a clean exit (systemd.service(5), SuccessExitStatus=).
inline bool is_clean(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 0;
  const int signal = WTERMSIG(status);
  return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGPIPE;
}

}  // namespace pyfault
