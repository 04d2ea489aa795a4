// Evaluates a seccomp filter for the system calls with which the agent wakes the watchdog and
// attaches to it.
#pragma once

#include <linux/filter.h>

#include "agent/in_signal/watchdog_link.h"

namespace pyfault {

// Returns the operations that might kill the process or block it. Evaluates `filter` as the kernel
// would; a filter that the kernel would refuse forbids everything. Context: anywhere, signal
// handlers included.
Forbidden forbidden_by(const sock_fprog& filter);

}  // namespace pyfault
