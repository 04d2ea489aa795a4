// CPython 3.15, where it differs from 3.14.
#pragma once

#include "agent/cpython/debug_offsets.h"
#include "agent/cpython/v3_14.h"

namespace pyfault {

// From the headers, by tests/rules/object_opcodes.py.
inline constexpr Opcodes kOpcodes315{67,
                                     {{1, 1},
                                      {3, 4},
                                      {12, 13},
                                      {38, 39},
                                      {41, 42},
                                      {50, 53},
                                      {56, 56},
                                      {68, 68},
                                      {70, 70},
                                      {78, 79},
                                      {95, 95},
                                      {129, 152},
                                      {154, 156},
                                      {159, 171},
                                      {174, 178},
                                      {183, 195},
                                      {198, 199},
                                      {236, 236},
                                      {248, 251}}};

constexpr PythonLayout changed_in_3_15(PythonLayout layout) {
  layout.minor = 15;
  layout.runtime.interpreters_head = 936;
  layout.runtime.finalizing = 912;
  layout.interpreter.next = 7264;
  layout.interpreter.id = 7272;
  layout.interpreter.threads_head = 7336;
  layout.interpreter.gc_collecting = 7512;
  layout.thread.thread_id = 176;
  layout.thread.native_thread_id = 184;
  layout.thread.active = 48;
  layout.thread.running_task = 1032;
  layout.thread.data_chunk = 256;
  layout.thread.data_top = 264;
  layout.thread.recursion_limit = 56;
  layout.thread.recursion_left = 52;
  layout.executing = 4;
  layout.attribute.type_cached_keys = 888;
  return layout;
}

inline constexpr PythonLayout kLayout315 = [] {
  PythonLayout layout = changed_in_3_15(kLayout314);
  layout.opcodes = kOpcodes315;
  return layout;
}();

inline constexpr PythonLayout kLayout315t = [] {
  PythonLayout layout = changed_in_3_15(kLayout314t);
  layout.attribute.type_cached_keys = 904;
  return layout;
}();

// In _Py_DebugOffsets of this version.
inline constexpr DebugOffsetPositions kDebugOffsets315 = {
    32,  40,  56,  64,  72,  192, 208, 240, 248, 320, 328, 336, 344, 352,
    384, 392, 400, 408, 416, 448, 472, 504, 696, 704, 720, 728, 736};

}  // namespace pyfault
