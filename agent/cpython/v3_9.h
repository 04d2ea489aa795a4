// CPython 3.9, where it differs from 3.8.
#pragma once

#include "agent/cpython/v3_8.h"

namespace pyfault {

// From the headers, by tests/rules/object_opcodes.py.
inline constexpr Opcodes kOpcodes39{144,
                                    {{10, 11},
                                     {15, 17},
                                     {19, 20},
                                     {22, 29},
                                     {49, 49},
                                     {55, 57},
                                     {59, 59},
                                     {62, 68},
                                     {75, 79},
                                     {93, 93},
                                     {106, 107},
                                     {131, 131},
                                     {141, 143},
                                     {155, 155},
                                     {160, 162}}};

inline constexpr PythonLayout kLayout39 = [] {
  PythonLayout layout = kLayout38;
  layout.minor = 9;
  layout.opcodes = kOpcodes39;
  layout.runtime.current_thread = 568;
  layout.runtime.gc_collecting = kAbsent;
  layout.interpreter.id = 24;
  layout.interpreter.gc_collecting = 816;
  layout.attribute.type_cached_keys = 864;
  layout.task.size = 184;
  layout.task.name = 160;
  return layout;
}();

}  // namespace pyfault
