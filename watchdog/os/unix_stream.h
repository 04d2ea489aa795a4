// Unix stream sockets at a path, by direct system calls so that they are close-on-exec from
// creation.
#pragma once

#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// On failure these return an empty descriptor with errno set: ENAMETOOLONG if the path is too long
// for a socket.

// Returns a non-blocking listener at a path, which must not exist yet; the socket is created with
// `mode`.
UniqueFd listen_on_stream(const std::string& path, unsigned mode);

// Returns a blocking connection. connect() and sends fail with EAGAIN after 5 seconds if the
// listener does not accept or read.
UniqueFd connect_stream(const std::string& path);

}  // namespace pyfault
