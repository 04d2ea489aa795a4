// Where the watchdog is, and what is said to it.
#pragma once

#include "agent/in_signal/watchdog_link.h"

namespace pyfault {

// Ordinary context. From PYFAULT_SOCKET, and what the process knows of itself: argc and argv are
// main()'s. False when there is no watchdog to be found: the variable is not set, or names nothing
// that a socket can be called.
bool find_watchdog(int argc, const char* const* argv, WatchdogLink& link);

}  // namespace pyfault
