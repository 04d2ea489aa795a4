// What came of an operator's order. Pure.
#pragma once

#include <optional>
#include <string>

#include "watchdog/control/reply.h"
#include "watchdog/control/request.h"
#include "watchdog/policy/lifecycle.h"

namespace pyfault {

// How a worker stands after the order.
struct WorkerStanding {
  WorkerState state = WorkerState::kStopped;
  bool in_transition = false;  // to what the order is about: its state means nothing yet
  int pid = 0;
  std::optional<LastExit> last_exit;
  std::optional<double> retry_in_seconds;
};

// None while it is under way. `now` is none when the worker is gone from the configuration.
std::optional<Outcome> verdict(Order order, const std::string& worker,
                               const std::optional<WorkerStanding>& now);

}  // namespace pyfault
