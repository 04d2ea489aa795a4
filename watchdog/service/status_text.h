// Summarizes the state of the service in one line. Pure.
#pragma once

#include <span>
#include <string>

#include "watchdog/service/worker_snapshot.h"

namespace pyfault {

// "3/4 workers, web#2 backoff 8s": how many are up, and the first few that are not.
std::string status_text(std::span<const WorkerSnapshot> workers);

}  // namespace pyfault
