// Finds the name that the program has given a thread: threading.Thread.name.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// Returns the address of a str; 0 if the thread is not a threading.Thread. The outermost frame of a
// threading.Thread is that of Thread._bootstrap(self), so its first local variable has the name.
std::uintptr_t find_thread_name(const PythonRuntimeView& python, const RawFrame& outermost);

}  // namespace pyfault
