// CPython 3.8: the layout that the later ones are derived from.
#pragma once

#include "agent/cpython/python_layout.h"

namespace pyfault {

// From the headers, by tests/rules/object_opcodes.py.
inline constexpr Opcodes kOpcodes38{144,
                                    {{10, 11},
                                     {15, 17},
                                     {19, 20},
                                     {22, 29},
                                     {55, 57},
                                     {59, 59},
                                     {62, 68},
                                     {75, 79},
                                     {81, 81},
                                     {93, 93},
                                     {106, 106},
                                     {131, 131},
                                     {141, 143},
                                     {155, 155},
                                     {160, 161}}};

inline constexpr PythonLayout kLayout38 = {
    .minor = 8,
    .free_threaded = false,
    .line_table = LineTable::kLnotab,
    .position = FramePosition::kByteOffset,
    .active_rule = ActiveRule::kRuntimeCurrent,
    .attribute_style = AttributeStyle::kDict,
    .type_checked_frames = true,
    .runtime = {32, 16, 1368, 544},
    .interpreter = {0, 16, 8, kAbsent},
    .thread = {8, 176, kAbsent, 24, kAbsent, kAbsent, kAbsent, kAbsent, kAbsent, 0, 16, kAbsent,
               kAbsent, kAbsent, kAbsent, kAbsent, 32},
    .frame = {108, 24, 32, 104, kAbsent, kAbsent, kAbsent, 360, 116},
    .generator = {kAbsent, kAbsent},
    .executing = 1,
    .code = {176, 104, 112, kAbsent, 40, 120, kAbsent, kAbsent, kAbsent, kAbsent, kAbsent, 48},
    .opcodes = kOpcodes38,
    .object = {8, 16, 168, 24, 256},
    .string = {16, 24, 32, 48, 72, 72, 40, 64, 28, 2, 32, 64},
    .bytes_data = 32,
    .attribute = {32, 288, 872, 32, 40, kAbsent, 0},
    .task = {144, 120}};

}  // namespace pyfault
