// Cross-checks a layout from the table against the _Py_DebugOffsets of the running interpreter,
// which lie at the start of _PyRuntime from 3.13 on (Include/internal/pycore_debug_offsets.h;
// pycore_runtime.h in 3.13).
#pragma once

#include <array>
#include <cstdint>

namespace pyfault {

struct PythonVersion;

// Where the struct of one version has each member that is compared, in bytes: finalizing,
// interpreters_head, then as listed in debug_offsets.cc.
using DebugOffsetPositions = std::array<std::uint16_t, 27>;

// The checks; a failed one is reported by its number.
enum class DebugCheck : std::uint32_t {
  kNone = 0,
  kCookie = 1,
  kVersion = 2,
  kFreeThreaded = 3,
  kFirstOffset = 4,  // 4 + index in the list of offsets in debug_offsets.cc
};

// Returns whether the interpreter's offsets describe a free-threaded build. `runtime`: the address
// of _PyRuntime, of 3.13 or later.
bool debug_offsets_free_threaded(std::uintptr_t runtime);

// Returns the first check that fails; kNone if all agree, or if the version has no debug offsets.
DebugCheck check_debug_offsets(const PythonVersion& version, std::uintptr_t runtime);

}  // namespace pyfault
