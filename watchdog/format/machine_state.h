// Registers, machine code and modules of a crash, for the text report.
#pragma once

#include <string>

#include "watchdog/crash/crash.h"

namespace pyfault {

// Paragraphs, each with an empty line before it; empty if nothing is known.
std::string machine_state(const Crash& crash);

}  // namespace pyfault
