// The composition root of --exec: connects all components.
#pragma once

#include "watchdog/options.h"

namespace pyfault {

// Runs the program under watch until it ends, and returns its wait status. By then every report has
// been written or given up. Throws (StartError in the expected cases) only before the program runs.
int watch_program(const Options& options);

}  // namespace pyfault
