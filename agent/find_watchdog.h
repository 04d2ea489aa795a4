// Locates the watchdog and prepares the link to it.
#pragma once

#include "agent/in_signal/watchdog_link.h"

namespace pyfault {

// Ordinary context. Fills in `link` from PYFAULT_SOCKET and from the process's view of itself;
// `argc` and `argv` are those of main(). Returns false if PYFAULT_SOCKET is unset, empty or too
// long for a socket address.
bool find_watchdog(int argc, const char* const* argv, WatchdogLink& link);

}  // namespace pyfault
