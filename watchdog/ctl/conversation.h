// Asks the service, and shows what it replies.
#pragma once

#include <optional>
#include <string>

#include "watchdog/ctl/options.h"

namespace pyfault::ctl {

// Returns the exit code. Throws StartError where the service can't be asked.
int ask_service(const std::optional<std::string>& socket, Ask ask);

}  // namespace pyfault::ctl
