// CPython 3.13, where it differs from 3.12.
#pragma once

#include "agent/cpython/debug_offsets.h"
#include "agent/cpython/v3_12.h"

namespace pyfault {

// From the headers, by tests/rules/object_opcodes.py.
inline constexpr Opcodes kOpcodes313{71,
                                     {{2, 5},
                                      {14, 15},
                                      {19, 19},
                                      {41, 42},
                                      {44, 45},
                                      {53, 57},
                                      {60, 60},
                                      {72, 72},
                                      {81, 82},
                                      {93, 93},
                                      {150, 168},
                                      {172, 184},
                                      {187, 202},
                                      {205, 206},
                                      {242, 246}}};

inline constexpr PythonLayout kLayout313 = [] {
  PythonLayout layout = kLayout312;
  layout.minor = 13;
  layout.opcodes = kOpcodes313;
  layout.thread.call_depth = 52;
  layout.active_rule = ActiveRule::kStateAttached;
  layout.attribute_style = AttributeStyle::kInlineValues;
  layout.runtime.interpreters_head = 632;
  layout.runtime.finalizing = 608;
  layout.interpreter.next = 7264;
  layout.interpreter.id = 7272;
  layout.interpreter.threads_head = 7344;
  layout.interpreter.gc_collecting = 7600;
  layout.thread.thread_id = 152;
  layout.thread.native_thread_id = 160;
  layout.thread.frame = 72;
  layout.thread.cframe_frame = kAbsent;
  layout.thread.cframe_previous = kAbsent;
  layout.thread.active = 40;
  layout.thread.recursion_limit = 48;
  layout.thread.recursion_left = 44;
  layout.code.size = 208;
  layout.code.instructions = 200;
  layout.code.first_traceable = 184;
  layout.attribute.first_value = 8;
  layout.task.size = 144;
  layout.task.name = 128;
  return layout;
}();

// The free-threaded build: an object header that is 16 bytes larger, and what follows from it.
inline constexpr PythonLayout kLayout313t = [] {
  PythonLayout layout = kLayout313;
  layout.free_threaded = true;
  layout.opcodes = {};
  layout.generator.frame = 88;
  layout.generator.state = 83;
  layout.code.size = 224;
  layout.code.file_name = 128;
  layout.code.name = 136;
  layout.code.qualified_name = 144;
  layout.code.first_line = 84;
  layout.code.line_table = 152;
  layout.code.instructions = 216;
  layout.code.first_traceable = 200;
  layout.code.frame_words = 92;
  layout.object.type = 24;
  layout.object.size = 32;
  layout.object.type_flags = 184;
  layout.object.type_name = 40;
  layout.object.type_base = 272;
  layout.string.length = 32;
  layout.string.hash = 40;
  layout.string.state = 48;
  layout.string.ascii_data = 56;
  layout.string.compact_data = 72;
  layout.string.any_data = 72;
  layout.bytes_data = 48;
  layout.attribute.type_basic_size = 48;
  layout.attribute.type_dict_offset = 304;
  layout.attribute.type_cached_keys = 896;
  layout.attribute.dict_keys = 48;
  layout.attribute.dict_values = 56;
  layout.attribute.managed_dict = 8;
  layout.task.size = 160;
  layout.task.name = 144;
  return layout;
}();

// In _Py_DebugOffsets of this version.
inline constexpr DebugOffsetPositions kDebugOffsets313 = {
    32,  40,  56,  64,  72,  168, 184, 192, 200, 232, 240, 248, 256, 264,
    280, 288, 296, 304, 312, 344, 360, 392, 520, 528, 544, 552, 560};

}  // namespace pyfault
