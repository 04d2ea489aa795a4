// What /proc says about a process: read while it still lives, from a path under /proc/PID.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

// None when the process is gone. A zombie has a name and a parent but no executable and no command.
std::optional<Process> read_process(int pid);

// CLOCK_REALTIME nanoseconds at which the process started (field 22 of /proc/PID/stat, to a clock
// tick); none when the process is gone.
std::optional<std::int64_t> process_start_ns(int pid);

}  // namespace pyfault
