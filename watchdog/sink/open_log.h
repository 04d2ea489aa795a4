// Opens the targets of reports. This is done before the program starts, so an unavailable log is
// reported while nothing runs yet.
#pragma once

#include <sys/types.h>

#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Not world-readable: reports quote source files and workers' output.
inline constexpr mode_t kLogMode = 0640;

// Opens a file close-on-exec, and creates it with this mode if it does not exist. Below a directory
// of another user, root uses only that user's rights. If others may put links into a directory on
// the path, no links are followed, and a file is refused if it is not ours or has several hard
// links. Returns an empty descriptor and sets errno on failure.
UniqueFd open_for_append(const std::string& file, mode_t mode = kLogMode);

// The same, but throws StartError (kExitOwnError) with a message that begins with `what`, such as
// "--log 'x'".
UniqueFd open_log_file(const std::string& file, const std::string& what, mode_t mode = kLogMode);

// Returns a duplicate of stderr, close-on-exec.
UniqueFd open_stderr();

}  // namespace pyfault
