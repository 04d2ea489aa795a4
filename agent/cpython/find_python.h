// Finds the CPython in this process by its dynamic symbols.
#pragma once

#include "agent/cpython/debug_offsets.h"
#include "agent/cpython/python_layout.h"
#include "shared/handshake.h"

namespace pyfault {

struct FoundPython {
  bool present = false;  // false: no CPython here; the other members are meaningless
  ArmStatus status = ArmStatus::kUnknownVersion;
  DebugCheck failed_check = DebugCheck::kNone;
  PythonRuntimeView view{};  // complete only if status is kWillArm
};

// Ordinary context; works before Py_Initialize(). `scope`: the handle that dlsym() searches.
FoundPython find_python(void* scope);

// Returns the machine code of the module that contains the address; empty if there is none.
// Ordinary context.
Text text_around(std::uintptr_t address);

}  // namespace pyfault
