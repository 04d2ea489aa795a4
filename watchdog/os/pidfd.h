// Descriptors that stand for processes: no number is reused under them, and they are readable once
// the process has died.
#pragma once

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

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

// The process's number; -1 when it is gone, 0 when `fd` is no pidfd.
int pid_of(int fd);

// How a process that has ended, whoever's child it was, did so: as wait(2) would say. None where
// the kernel (before 6.15) does not tell.
std::optional<int> wait_status_of(int pidfd);

}  // namespace pyfault
