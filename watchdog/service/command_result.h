// The result of an operator's command. Pure.
#pragma once

#include <optional>
#include <string>

#include "watchdog/control/reply.h"
#include "watchdog/control/request.h"
#include "watchdog/policy/lifecycle.h"

namespace pyfault {

// The state of a worker after the command.
struct WorkerSnapshot {
  WorkerState state = WorkerState::kStopped;
  bool in_transition = false;  // to what was asked for: `state` is not conclusive yet
  int pid = 0;
  std::optional<LastExit> last_exit;
  std::optional<double> retry_in_seconds;
};

// Returns none while the command is under way. `now` is none if the worker is no longer in the
// configuration.
std::optional<CommandResult> command_result(WorkerCommand command, const std::string& worker,
                                            const std::optional<WorkerSnapshot>& now);

}  // namespace pyfault
