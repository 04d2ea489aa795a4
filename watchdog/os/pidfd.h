// Descriptors that refer to processes (pidfd): unlike a process number, a pidfd is never reused for
// another process. It becomes readable when the process exits.
#pragma once

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Returns a close-on-exec pidfd, or an empty one with errno set (ESRCH: no such process). A zombie
// can be opened and counts as exited.
inline UniqueFd open_pidfd(int pid) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

inline bool has_exited(int pidfd) {
  pollfd poll_fd{pidfd, POLLIN, 0};
  return ::poll(&poll_fd, 1, 0) == 1;
}

// Returns the process number; -1 if the process is gone, 0 if `fd` is not a pidfd.
int pid_of(int fd);

// Returns the wait(2) status of an ended process, which need not be a child of this one. Returns
// nullopt if the kernel does not report it (before 6.15).
std::optional<int> wait_status_of(int pidfd);

}  // namespace pyfault
