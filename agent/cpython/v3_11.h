// CPython 3.11, where it differs from 3.10.
#pragma once

#include "agent/cpython/v3_10.h"

namespace pyfault {

// From the headers, by tests/rules/object_opcodes.py.
inline constexpr Opcodes kOpcodes311{
    144,
    {{3, 8},     {10, 11},   {13, 29},   {39, 43},   {49, 49},   {53, 53},   {56, 59},   {62, 68},
     {72, 73},   {76, 76},   {80, 81},   {93, 93},   {106, 107}, {113, 113}, {121, 122}, {127, 127},
     {141, 143}, {155, 155}, {160, 160}, {162, 162}, {166, 166}, {171, 171}}};

inline constexpr PythonLayout kLayout311 = [] {
  PythonLayout layout = kLayout310;
  layout.minor = 11;
  layout.opcodes = kOpcodes311;
  layout.code.bytecode = kAbsent;
  layout.line_table = LineTable::kPep657;
  layout.position = FramePosition::kInstructionPointer;
  layout.attribute_style = AttributeStyle::kValuesPointer;
  layout.type_checked_frames = false;
  layout.runtime.interpreters_head = 40;
  layout.runtime.finalizing = 24;
  layout.runtime.current_thread = 576;
  layout.interpreter.id = 48;
  layout.interpreter.threads_head = 16;
  layout.interpreter.gc_collecting = 848;
  layout.thread.thread_id = 152;
  layout.thread.native_thread_id = 160;
  layout.thread.frame = 56;
  layout.thread.cframe = kAbsent;
  layout.thread.root_cframe = kAbsent;
  layout.thread.cframe_frame = 8;
  layout.thread.cframe_previous = 16;
  layout.thread.data_chunk = 296;
  layout.thread.data_top = 304;
  layout.frame.size = 72;
  layout.frame.previous = 48;
  layout.frame.position = 56;
  layout.frame.is_entry = 68;
  layout.frame.locals = 72;
  layout.frame.state = kAbsent;
  layout.generator.frame = 80;
  layout.generator.state = 75;
  layout.code.size = 192;
  layout.code.file_name = 112;
  layout.code.name = 120;
  layout.code.qualified_name = 128;
  layout.code.first_line = 72;
  layout.code.line_table = 136;
  layout.code.instructions = 184;
  layout.code.first_traceable = 168;
  layout.code.frame_words = 68;
  layout.code.local_words = 76;
  layout.attribute.managed_dict = 24;
  layout.task.size = 176;
  layout.task.name = 144;
  return layout;
}();

}  // namespace pyfault
