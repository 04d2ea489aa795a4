// The name that the program gave a thread: threading.Thread.name.
//
// Context: see capture.h.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// The outermost frame of a threading.Thread is Thread._bootstrap(self): the name is read off its
// first local variable. 0 for other threads. The address of a str.
std::uintptr_t find_thread_name(const PythonRuntimeView& python, const RawFrame& outermost);

}  // namespace pyfault
