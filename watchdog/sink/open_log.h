// Where reports go: opened before the program starts, so that a log that can't be had is said while
// nothing runs yet.
#pragma once

#include <sys/types.h>

#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Not for everybody: reports quote source files and what workers write.
inline constexpr mode_t kLogMode = 0640;

// Close-on-exec; created with this mode where there is none. Below a directory of another user root
// has that user's rights alone, and where others may put links into a directory, none is followed,
// and a file that is not ours, or has another name too, is not written to. Empty, with errno, when
// it can't be had.
UniqueFd open_for_append(const std::string& file, mode_t mode = kLogMode);

// Likewise. Throws StartError (kExitOwnError) that begins with `what`, such as "--log 'x'".
UniqueFd open_log_file(const std::string& file, const std::string& what, mode_t mode = kLogMode);

// A descriptor of our own for stderr, close-on-exec.
UniqueFd open_stderr();

}  // namespace pyfault
