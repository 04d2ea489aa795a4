// CPython 3.12, where it differs from 3.11.
#pragma once

#include "agent/cpython/v3_11.h"

namespace pyfault {

// From the headers, by tests/rules/object_opcodes.py.
inline constexpr Opcodes kOpcodes312{
    144, {{6, 8},     {10, 11},   {13, 16},   {18, 26},   {28, 29},   {34, 34},   {38, 40},
          {44, 49},   {53, 53},   {56, 59},   {62, 68},   {70, 70},   {72, 73},   {76, 82},
          {93, 93},   {106, 107}, {122, 122}, {141, 142}, {155, 155}, {162, 162}, {171, 171},
          {173, 174}, {237, 237}, {241, 241}, {244, 244}, {248, 248}}};

inline constexpr PythonLayout kLayout312 = [] {
  PythonLayout layout = kLayout311;
  layout.minor = 12;
  layout.opcodes = kOpcodes312;
  layout.thread.call_depth = 36;
  layout.active_rule = ActiveRule::kStatusActiveBit;
  layout.attribute_style = AttributeStyle::kTaggedPointer;
  layout.runtime.current_thread = kAbsent;
  layout.interpreter.id = 8;
  layout.interpreter.threads_head = 72;
  layout.interpreter.gc_collecting = 312;
  layout.thread.thread_id = 136;
  layout.thread.native_thread_id = 144;
  layout.thread.cframe_frame = 0;
  layout.thread.cframe_previous = 8;
  layout.thread.active = 24;
  layout.thread.data_chunk = 232;
  layout.thread.data_top = 240;
  layout.thread.recursion_limit = 32;
  layout.thread.recursion_left = 28;
  layout.frame.previous = 8;
  layout.frame.code = 0;
  layout.frame.owner = 70;
  layout.frame.is_entry = kAbsent;
  layout.generator.frame = 72;
  layout.generator.state = 67;
  layout.code.size = 200;
  layout.code.first_line = 68;
  layout.code.instructions = 192;
  layout.code.first_traceable = 176;
  layout.code.frame_words = 76;
  layout.code.local_words = kAbsent;
  layout.string.ascii_data = 40;
  layout.string.compact_data = 56;
  layout.string.any_data = 56;
  layout.string.legacy_data = kAbsent;
  layout.string.legacy_length = kAbsent;
  layout.attribute.type_cached_keys = 880;
  return layout;
}();

}  // namespace pyfault
