// The checked-in layout of every CPython minor version this agent knows.
#pragma once

#include "agent/in_signal/python_layout.h"

namespace pyfault {

inline constexpr unsigned kNewestMinor = 15;

// Null for a version that is not known: it is left alone, never guessed.
const PythonLayout* find_layout(unsigned minor, bool free_threaded);

}  // namespace pyfault
