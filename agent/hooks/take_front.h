// Puts the agent's functions in front of the C library's in a program that is running already.
#pragma once

namespace pyfault {

// Ordinary context. In every program and library that is loaded now, except the C library itself,
// replaces what its calls of the interposed functions are bound to. Libraries that are loaded later
// call the C library directly.
void take_front();

}  // namespace pyfault
