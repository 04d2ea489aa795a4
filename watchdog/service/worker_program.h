// What a worker's configuration comes to on this machine: file, arguments and environment.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>
#include <vector>

#include "watchdog/config/parse_config.h"
#include "watchdog/service/account.h"
#include "watchdog/supervise/child_process.h"
#include "watchdog/supervise/delegated_cgroup.h"

namespace pyfault {

// The same for all workers.
struct WorkerSurroundings {
  std::string python;  // where a worker names none
  std::string agent;
  const char* const* environment = nullptr;  // the service's own
  sigset_t signal_mask{};                    // that it was started with
  DelegatedCgroup* cgroup = nullptr;         // where each gets one of its own; outlives all workers
  std::optional<rlimit> descriptor_limit{};  // ours, before it was raised; none: it is as it was
  WatchdogDeath on_watchdog_death = WatchdogDeath::kLeave;
};

// The sockets that a worker finds in its environment.
struct WorkerSockets {
  std::string agent;
  std::string notify;  // empty: none
};

// Without streams. Looks at no file. Throws StartError where the account has a problem.
SpawnPlan plan_worker(const WorkerConfig& worker, const WorkerSurroundings& surroundings,
                      const WorkerSockets& sockets, Account account);

// Whether this machine has what a worker needs. They may take long, and are for any thread.
MachineChecks machine_checks(const WorkerSurroundings& surroundings);

}  // namespace pyfault
