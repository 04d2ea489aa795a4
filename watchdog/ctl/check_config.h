// What is wrong with a configuration, without a service.
#pragma once

#include "watchdog/ctl/options.h"

namespace pyfault::ctl {

// Says on stderr all that a service would say that is started here and now, by this user. Returns
// the exit code.
int check_config(const CheckConfig& check);

}  // namespace pyfault::ctl
