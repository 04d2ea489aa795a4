// Collects the facts that are available without running a program.
#pragma once

#include "watchdog/doctor/findings.h"

namespace pyfault {

// Fills in the properties of the system and the limits of this process.
void examine_system(Facts& facts);

}  // namespace pyfault
