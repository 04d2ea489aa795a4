// The service mode of the watchdog (--config): runs the configured workers until it is told to
// stop.
#pragma once

#include "watchdog/options.h"

namespace pyfault {

// Returns the exit code: 0 after an orderly stop, the exit code of an essential worker that was
// lost, or kExitOwnError after printing every problem with the configuration. Throws StartError
// when the agent, a log or another configured resource is unavailable.
int run_service(const ServiceOptions& options);

}  // namespace pyfault
