// How pyfaultctl ends.
#pragma once

namespace pyfault::ctl {

inline constexpr int kExitWell = 0;
inline constexpr int kExitFailed = 1;      // or, of status: some worker is not up
inline constexpr int kExitUsage = 2;       // the words make no sense
inline constexpr int kExitNotRunning = 3;  // there is no service to ask
inline constexpr int kExitNoWorker = 4;    // there is no worker of that name, as systemctl has it

}  // namespace pyfault::ctl
