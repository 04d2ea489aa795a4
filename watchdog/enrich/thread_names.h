// Names for the threads of a crash, while the process still lives.
#pragma once

#include "watchdog/crash/crash.h"

namespace pyfault {

// Every thread gets its native name; one whose Python name the record does not hold is called
// "MainThread" if it is the process's first, else by its native name.
void add_thread_names(Crash& crash, int pid);

}  // namespace pyfault
