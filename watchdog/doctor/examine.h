// Facts that can be had without running anything.
#pragma once

#include <string>

#include "watchdog/doctor/diagnosis.h"

namespace pyfault {

ProgramFile examine_program(const std::string& path);

// Fills in what the system and our own limits say.
void examine_system(Facts& facts);

}  // namespace pyfault
