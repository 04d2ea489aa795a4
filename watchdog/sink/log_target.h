// Where reports go: opened before the program starts, so that a log that can't be had is said while
// nothing runs yet.
#pragma once

#include <optional>
#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Close-on-exec; created with mode 0644 where there is none. Empty, with errno, when it can't be
// had.
UniqueFd open_for_append(const std::string& file);

// A descriptor of our own (close-on-exec) for the file, which is created with mode 0644 and
// appended to, or without a file for stderr. Throws StartError (kExitOwnError).
UniqueFd open_log_target(const std::optional<std::string>& file);

}  // namespace pyfault
