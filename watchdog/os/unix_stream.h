// Unix stream sockets that have a path, by system call: close-on-exec from the first moment.
#pragma once

#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// All are empty, with errno, when it is not to be had; ENAMETOOLONG where no socket can have this
// path.

// Listens, non-blocking, on a file that is not there yet and gets this mode at once.
UniqueFd listen_on_stream(const std::string& path, unsigned mode);

// A blocking connection. Where nobody takes it, or takes what is sent, for 5 seconds: EAGAIN.
UniqueFd connect_stream(const std::string& path);

}  // namespace pyfault
