// Where reports go: opened before the program starts, so that a log that can't be had is said while
// nothing runs yet.
#pragma once

#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Close-on-exec; created with mode 0644 where there is none. Empty, with errno, when it can't be
// had.
UniqueFd open_for_append(const std::string& file);

// Likewise. Throws StartError (kExitOwnError) that begins with `what`, such as "--log 'x'".
UniqueFd open_log_file(const std::string& file, const std::string& what);

// A descriptor of our own for stderr, close-on-exec.
UniqueFd open_stderr();

}  // namespace pyfault
