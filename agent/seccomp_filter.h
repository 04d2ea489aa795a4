// What a seccomp filter would do to the system calls by which the agent wakes the watchdog, and
// attaches to it.
#pragma once

#include <linux/filter.h>

#include "agent/in_signal/watchdog_link.h"

namespace pyfault {

// What the process might not survive, or not come back from. `filter` is run as the kernel would
// run it; to one that the kernel would refuse everything is forbidden. Context: anywhere.
Forbidden forbidden_by(const sock_fprog& filter);

}  // namespace pyfault
