// Ending as the program ended, so that whoever started us can't tell the difference.
#pragma once

namespace pyfault {

// Exits with the same code, or dies by the same signal; without a core dump of our own. As process
// 1 of a namespace, which signals can't kill, exits with 128 + the signal's number. Runs no
// destructors.
[[noreturn]] void end_as(int wait_status);

}  // namespace pyfault
