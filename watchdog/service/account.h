// The user and group that a worker runs as.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "watchdog/config/config.h"
#include "watchdog/os/file_rights.h"

namespace pyfault {

struct Account {
  std::optional<Identity> identity;                // none: our own
  std::map<std::string, std::string> environment;  // HOME, LOGNAME, SHELL and USER of a user
  std::string problem;                             // why there is no such account; else empty
};

// Asks the machine's directories of users, which may be far away: it may take long. For any thread.
Account find_account(const WorkerConfig& worker);

}  // namespace pyfault
