// Ends this process in the same way as the program ended, so its parent cannot tell the difference.
#pragma once

namespace pyfault {

// Exits with the same code, or dies by the same signal, but without a core dump of its own. If it
// is process 1 of a namespace, which such signals cannot kill, it exits with 128 + the signal
// number. Runs no destructors.
[[noreturn]] void end_as(int wait_status);

}  // namespace pyfault
