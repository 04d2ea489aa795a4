// The exit codes of pyfaultctl.
#pragma once

namespace pyfault::ctl {

inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailed = 1;      // or, for status: a worker is not well
inline constexpr int kExitUsage = 2;       // invalid command line
inline constexpr int kExitNotRunning = 3;  // no service is running
inline constexpr int kExitNoWorker = 4;    // no such worker, as in systemctl

}  // namespace pyfault::ctl
