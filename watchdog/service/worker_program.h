// Resolves a worker's configuration on this machine: program file, arguments and environment.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>
#include <vector>

#include "watchdog/config/parse_config.h"
#include "watchdog/service/run_as.h"
#include "watchdog/supervise/child_process.h"
#include "watchdog/supervise/delegated_cgroup.h"

namespace pyfault {

// What all workers have in common.
struct WorkerSurroundings {
  std::string python;  // for workers that name none
  std::string agent;
  const char* const* environment = nullptr;  // the service's own
  sigset_t signal_mask{};                    // the mask that the service was started with
  DelegatedCgroup* cgroup = nullptr;         // parent of the workers' cgroups; outlives all workers
  std::optional<rlimit> descriptor_limit{};  // the limit before we raised it; none: not raised
  WatchdogDeath on_watchdog_death = WatchdogDeath::kLeave;
};

// The socket addresses passed in a worker's environment.
struct WorkerSockets {
  std::string agent;
  std::string notify;  // empty: none
};

// Returns a plan without streams. Does not access the file system. Throws StartError if
// `run_as` has a problem.
SpawnPlan plan_worker(const WorkerConfig& worker, const WorkerSurroundings& surroundings,
                      const WorkerSockets& sockets, RunAs run_as);

// Checks whether this machine has what a worker needs. The checks may block for long and may run on
// any thread.
MachineChecks machine_checks(const WorkerSurroundings& surroundings);

}  // namespace pyfault
