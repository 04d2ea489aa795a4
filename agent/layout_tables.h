// The built-in layouts of all CPython minor versions that the agent knows.
#pragma once

#include "agent/in_signal/python_layout.h"

namespace pyfault {

inline constexpr unsigned kNewestMinor = 15;

// Returns null for an unknown version: the agent never guesses a layout.
const PythonLayout* find_layout(unsigned minor, bool free_threaded);

}  // namespace pyfault
