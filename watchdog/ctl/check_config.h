// Checks a configuration without a running service.
#pragma once

#include "watchdog/ctl/options.h"

namespace pyfault::ctl {

// Prints on stderr every problem that a service would report if started now by this user with this
// configuration. Returns the exit code.
int check_config(const CheckConfig& check);

}  // namespace pyfault::ctl
