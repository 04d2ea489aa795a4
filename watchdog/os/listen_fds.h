// Descriptors that the service manager has stored for this process: sd_listen_fds_with_names(3).
#pragma once

#include <string>
#include <vector>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

struct NamedFd {
  std::string name;  // empty if it has none
  UniqueFd fd;       // close-on-exec
};

// Takes the descriptors of LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; only the first call returns
// any. Returns none if they are meant for another process.
std::vector<NamedFd> take_listen_fds();

}  // namespace pyfault
