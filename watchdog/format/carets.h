// Formats a frame's source line and the marks below it, as Python's traceback module prints them.
#pragma once

#include <cstdint>
#include <string>

#include "watchdog/crash/crash.h"

namespace pyfault {

// Returns the frame's source line, stripped and escaped; empty if there is none.
std::string source_line(const Frame& frame);

// Returns the line below source_line(): spaces, then ^ under the frame's columns, with ~ under the
// operands of a binary operation, a subscript or (since 3.13) a call. Empty if the columns are
// unknown or do not fit the line, or if the marks would add nothing: they cover the whole line or,
// since 3.13, the whole call in `return f(x)` or `name = f(x)`. A range of several lines is marked
// to the end of the first. Wide characters take two columns for every version, although 3.11
// counted one.
std::string caret_line(const Frame& frame, std::uint32_t version_hex);

}  // namespace pyfault
