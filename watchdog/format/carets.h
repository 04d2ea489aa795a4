// A frame's source line and the marks below it, as Python's traceback module prints them.
#pragma once

#include <cstdint>
#include <string>

#include "watchdog/crash/crash.h"

namespace pyfault {

// The frame's source line without the white space around it, escaped; empty where there is none.
std::string source_line(const Frame& frame);

// What goes below source_line(): spaces, then ^ under the frame's columns, with ~ under the
// operands where they belong to a binary operation, a subscript or (from 3.13 on) a call. Empty
// when the columns are unknown or do not fit the line, and where the marks would say nothing: they
// cover the whole line, or, from 3.13 on, the whole call of `return f(x)` or `name = f(x)`. A range
// that goes on in further lines is marked to the end of its first. Wide characters take two columns
// in every version, though 3.11 counted one.
std::string caret_line(const Frame& frame, std::uint32_t version_hex);

}  // namespace pyfault
