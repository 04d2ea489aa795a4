// A Python below a worker or program that is not watched. A plain value, also for the watchdog that
// takes over.
#pragma once

#include <cstdint>

#include "watchdog/event/event.h"

namespace pyfault {

struct UnwatchedProcess {
  Process process;
  std::uint64_t start_ticks = 0;  // tells it from a process that has reused its number
  Unwatched why;
};

}  // namespace pyfault
