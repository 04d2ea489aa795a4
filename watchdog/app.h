// The composition root of --exec: the only file that knows everybody.
#pragma once

#include "watchdog/options.h"

namespace pyfault {

// Runs the program under watch to its end and returns its wait status; every report is written by
// then, or given up. Throws, StartError in the expected cases, only while nothing runs yet.
int watch_program(const Options& options);

}  // namespace pyfault
