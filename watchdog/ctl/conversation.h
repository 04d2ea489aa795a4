// Sends a request to the service and shows its replies.
#pragma once

#include <optional>
#include <string>

#include "watchdog/ctl/options.h"

namespace pyfault::ctl {

// Returns the exit code. Throws StartError if the service cannot be asked.
int ask_service(const std::optional<std::string>& socket, Ask ask);

}  // namespace pyfault::ctl
