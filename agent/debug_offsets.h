// Cross-checks a layout from the table with what the running interpreter says of itself:
// _Py_DebugOffsets, at the start of _PyRuntime from 3.13 on
// (Include/internal/pycore_debug_offsets.h, pycore_runtime.h in 3.13).
#pragma once

#include <cstdint>

#include "agent/in_signal/python_layout.h"

namespace pyfault {

// The checks, numbered; a failed one is reported by its number.
enum class DebugCheck : std::uint32_t {
  kNone = 0,
  kCookie = 1,
  kVersion = 2,
  kFreeThreaded = 3,
  kFirstOffset = 4,  // 4 + index in the list of offsets in debug_offsets.cc
};

// What the interpreter says; only meaningful from 3.13 on.
bool debug_offsets_free_threaded(std::uintptr_t runtime);

// kNone when everything agrees, and for versions without debug offsets.
DebugCheck check_debug_offsets(const PythonLayout& layout, std::uintptr_t runtime);

}  // namespace pyfault
