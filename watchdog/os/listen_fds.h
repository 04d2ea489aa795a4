// Descriptors that the service manager has kept for us: sd_listen_fds_with_names(3).
#pragma once

#include <string>
#include <vector>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

struct NamedFd {
  std::string name;  // empty where it was given none
  UniqueFd fd;       // close-on-exec
};

// Those of LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, once; none when they are not meant for us.
std::vector<NamedFd> take_listen_fds();

}  // namespace pyfault
