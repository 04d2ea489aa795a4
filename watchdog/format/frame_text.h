// One frame of a stack in the text report: one or several lines, each with a newline, all escaped.
#pragma once

#include <cstdint>
#include <string>

#include "watchdog/crash/crash.h"

namespace pyfault {

// As Python prints it in a traceback. `version_hex`: of the interpreter, whose versions mark the
// column of an error differently.
std::string frame_text(const Frame& frame, std::uint32_t version_hex);

// "  at level3 (natx.c:7) in natx.so+0x1139". How surely the frame was found is said unless it is
// as sure as the registers.
std::string frame_text(const NativeFrame& frame);

// "  ... 12 frames omitted ..."; without a number if they were not counted.
std::string omitted_frames_text(std::uint64_t count_or_0);

}  // namespace pyfault
