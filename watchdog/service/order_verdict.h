// The outcome of an operator's order. Pure.
#pragma once

#include <optional>
#include <string>

#include "watchdog/control/reply.h"
#include "watchdog/control/request.h"
#include "watchdog/policy/lifecycle.h"

namespace pyfault {

// The state of a worker after the order.
struct WorkerStanding {
  WorkerState state = WorkerState::kStopped;
  bool in_transition = false;  // to what was ordered: `state` is not conclusive yet
  int pid = 0;
  std::optional<LastExit> last_exit;
  std::optional<double> retry_in_seconds;
};

// Returns none while the order is under way. `now` is none if the worker is no longer in the
// configuration.
std::optional<Outcome> verdict(Order order, const std::string& worker,
                               const std::optional<WorkerStanding>& now);

}  // namespace pyfault
