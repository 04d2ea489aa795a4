// The composition root of --exec and --watch: connects all components.
#pragma once

#include "watchdog/options.h"

namespace pyfault {

// Runs the program under watch until it ends, and returns its wait status. By then every report has
// been written or given up. Throws (StartError in the expected cases) only before the program runs.
int watch_program(const Options& options);

// Watches a process that runs already (options.running), in the background. Returns in the calling
// process once the address for its PYFAULT_SOCKET has been printed, with the wait status with which
// to end, and in the background when everything has ended. Throws before that.
int watch_running_process(const Options& options);

}  // namespace pyfault
