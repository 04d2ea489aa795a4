// The watchdog as a service: workers by configuration, until it is told to stop.
#pragma once

#include <optional>
#include <string>

#include "watchdog/options.h"

namespace pyfault {

// Returns the exit code: 0 when it was told to stop, that of an essential worker which was lost, or
// kExitOwnError after saying all that is wrong with the configuration. Throws StartError when the
// log or the agent can't be had.
int run_service(const ServiceOptions& options);

}  // namespace pyfault
