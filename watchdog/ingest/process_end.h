// How a process that is not a child of this one has ended.
#pragma once

#include <cstdint>
#include <optional>

#include "watchdog/event/event.h"

namespace pyfault {

// The wait(2) status of a dead process; nullopt if its parent has taken it and this kernel (before
// 6.15) does not tell others.
std::optional<int> wait_status_of_dead(int pid, int pidfd, std::uint64_t start_ticks);

// Gives a process that is alive or a zombie the name and the parent that it has now.
void refresh(Process& process, std::uint64_t start_ticks);

// The time from these clock ticks since boot until now; nullopt for 0 ticks, which stands for what
// /proc has not shown.
std::optional<double> seconds_since(std::uint64_t start_ticks);

// The exit of a process below a program or worker.
ExitEvent exit_of_one_below(std::optional<int> wait_status, std::optional<double> uptime_seconds);

}  // namespace pyfault
