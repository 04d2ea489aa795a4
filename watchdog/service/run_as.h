// The user and group that a worker runs as.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "watchdog/config/config.h"
#include "watchdog/os/file_rights.h"

namespace pyfault {

struct RunAs {
  std::optional<Identity> identity;                // none: the service's own
  std::map<std::string, std::string> environment;  // HOME, LOGNAME, SHELL and USER of a user
  std::string problem;                             // why they cannot be used; else empty
};

// Looks up the worker's user and group. The user database may be remote, so this may block for
// long. May be called on any thread.
RunAs resolve_run_as(const WorkerConfig& worker);

}  // namespace pyfault
