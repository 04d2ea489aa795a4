// Names for the threads of a crash.
#pragma once

#include <optional>

#include "watchdog/crash/crash.h"

namespace pyfault {

// Every thread gets its native name; one whose Python name the record does not hold is called
// "MainThread" if it is the process's first, else by its native name.
// `pid`: under /proc; none when the process is gone, and its native names with it.
void add_thread_names(Crash& crash, std::optional<int> pid);

}  // namespace pyfault
