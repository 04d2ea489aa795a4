// Locates the watchdog and prepares the link to it.
#pragma once

#include "agent/in_signal/watchdog_link.h"

namespace pyfault {

// Ordinary context. Fills in `link` from `address`, which is that of PYFAULT_SOCKET if it is null,
// and from the process's view of itself; `argc` and `argv` are those of main(). Returns false if
// there is no address, or if it is empty or too long for a socket address.
bool find_watchdog(const char* address, int argc, const char* const* argv, WatchdogLink& link);

}  // namespace pyfault
