// Descriptors that stand for processes: no number is reused under them, and they are readable once
// the process has died.
#pragma once

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Close-on-exec. Empty, with errno (ESRCH: no such process), when there is none to be had. A zombie
// can be opened, and has exited.
inline UniqueFd open_pidfd(int pid) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

inline bool has_exited(int pidfd) {
  pollfd poll_fd{pidfd, POLLIN, 0};
  return ::poll(&poll_fd, 1, 0) == 1;
}

}  // namespace pyfault
