// The service in a line. Pure.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "watchdog/policy/lifecycle.h"

namespace pyfault {

struct NamedState {
  std::string name;
  WorkerState state = WorkerState::kStopped;
  std::chrono::milliseconds delay{0};  // until it is tried again, where it waits for that
};

// "3/4 workers, web#2 backoff 8s": how many are up, and the first few that are not.
std::string status_text(std::span<const NamedState> workers);

}  // namespace pyfault
