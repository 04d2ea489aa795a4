// Whether a process that is still there has begun to die: to take down a big one's memory takes the
// kernel seconds.
#pragma once

#include <sys/types.h>

#include <string>

namespace pyfault {

// True when its main thread exits already, or SIGKILL is on its way to it; false where that can't
// be read. `root` stands in front of /proc, for tests.
bool is_dying(pid_t pid, const std::string& root = "");

}  // namespace pyfault
