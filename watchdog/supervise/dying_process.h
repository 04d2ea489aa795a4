// Tells whether a process that still exists has begun to die: it can take the kernel seconds to
// release the memory of a large process.
#pragma once

#include <sys/types.h>

#include <string>

namespace pyfault {

// Returns true if its main thread is exiting or SIGKILL is pending; false if that cannot be read.
// `root` is prepended to /proc, for tests.
bool is_dying(pid_t pid, const std::string& root = "");

}  // namespace pyfault
