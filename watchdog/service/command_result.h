// The result of an operator's command. Pure.
#pragma once

#include <optional>
#include <string>

#include "watchdog/control/reply.h"
#include "watchdog/control/request.h"
#include "watchdog/service/worker_snapshot.h"

namespace pyfault {

// Returns none while the command is under way. `now` is nullptr if the worker is no longer in the
// configuration.
std::optional<CommandResult> command_result(WorkerCommand command, const std::string& worker,
                                            const WorkerSnapshot* now);

}  // namespace pyfault
