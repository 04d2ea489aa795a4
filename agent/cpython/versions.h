// The CPython versions that the agent knows. A new one is a header such as v3_15.h, with what
// changed since the version before, and a line in versions.cc (agent/README.md, "How to add a
// version of CPython").
#pragma once

#include "agent/cpython/debug_offsets.h"
#include "agent/cpython/python_layout.h"

namespace pyfault {

struct PythonVersion {
  PythonLayout layout;
  // What check_debug_offsets() compares. Null before 3.13, which has no such table.
  const DebugOffsetPositions* debug_offsets = nullptr;
};

// Returns null for an unknown version: the agent never guesses a layout.
const PythonVersion* find_version(unsigned minor, bool free_threaded);

}  // namespace pyfault
