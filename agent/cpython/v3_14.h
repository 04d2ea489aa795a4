// CPython 3.14, where it differs from 3.13.
#pragma once

#include "agent/cpython/debug_offsets.h"
#include "agent/cpython/v3_13.h"

namespace pyfault {

// From the headers, by tests/rules/object_opcodes.py.
inline constexpr Opcodes kOpcodes314{69,
                                     {{1, 1},
                                      {3, 4},
                                      {12, 13},
                                      {16, 16},
                                      {40, 41},
                                      {43, 44},
                                      {52, 55},
                                      {58, 58},
                                      {70, 70},
                                      {79, 80},
                                      {96, 96},
                                      {129, 149},
                                      {151, 153},
                                      {156, 168},
                                      {171, 174},
                                      {177, 189},
                                      {194, 195},
                                      {237, 237},
                                      {249, 252}}};

constexpr PythonLayout changed_in_3_14(PythonLayout layout) {
  layout.minor = 14;
  layout.thread.call_depth = kAbsent;
  layout.runtime.interpreters_head = 808;
  layout.runtime.finalizing = 784;
  layout.interpreter.next = 7272;
  layout.interpreter.id = 7280;
  layout.thread.active = 44;
  layout.thread.running_task = 872;
  layout.thread.recursion_limit = 52;
  layout.thread.recursion_left = 48;
  layout.frame.size = 80;
  layout.frame.owner = 74;
  layout.frame.locals = 80;
  layout.code.size = 216;
  layout.code.instructions = 208;
  layout.code.first_traceable = 192;
  layout.task.size = 168;
  layout.task.name = 136;
  return layout;
}

inline constexpr PythonLayout kLayout314 = [] {
  PythonLayout layout = changed_in_3_14(kLayout313);
  layout.opcodes = kOpcodes314;
  return layout;
}();

inline constexpr PythonLayout kLayout314t = [] {
  PythonLayout layout = changed_in_3_14(kLayout313t);
  layout.frame.owner = 78;
  layout.frame.tlbc_index = 72;
  layout.code.size = 240;
  layout.code.instructions = 232;
  layout.code.first_traceable = 208;
  layout.code.tlbc = 224;
  layout.string.kind_mask = 1792;
  layout.string.kind_shift = 8;
  layout.string.compact_mask = 2048;
  layout.string.ascii_mask = 4096;
  layout.task.size = 192;
  layout.task.name = 152;
  return layout;
}();

// In _Py_DebugOffsets of this version.
inline constexpr DebugOffsetPositions kDebugOffsets314 = {
    32,  40,  56,  64,  72,  192, 208, 216, 224, 256, 264, 272, 280, 288,
    320, 328, 336, 344, 352, 384, 408, 440, 600, 608, 624, 632, 640};

}  // namespace pyfault
