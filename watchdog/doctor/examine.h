// Facts that can be had without running anything.
#pragma once

#include "watchdog/doctor/diagnosis.h"

namespace pyfault {

// Fills in what the system and our own limits say.
void examine_system(Facts& facts);

}  // namespace pyfault
