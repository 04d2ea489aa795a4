// Adds names to the threads of a crash.
#pragma once

#include <optional>

#include "watchdog/crash/crash.h"

namespace pyfault {

// Sets every thread's native name. A thread without a Python name in the record is called
// "MainThread" if it is the first of the process, else by its native name. `pid` is the number in
// /proc; nullopt if the process is gone, in which case there are no native names.
void add_thread_names(Crash& crash, std::optional<int> pid);

}  // namespace pyfault
