// A worker as others see it at one moment: status, metrics, the service manager, and the outcome of
// operators' commands are all derived from this.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "watchdog/config/config.h"
#include "watchdog/control/worker_history.h"
#include "watchdog/event/unwatched.h"
#include "watchdog/policy/lifecycle.h"

namespace pyfault {

// Refers to the worker, so it is valid only until control returns to the event loop.
struct WorkerSnapshot {
  const WorkerConfig& config;
  const WorkerHistory& history;
  WorkerState state = WorkerState::kStopped;
  // It waits for its successor, or for its turn to be started: `state` is not conclusive yet.
  bool in_transition = false;
  int pid = 0;  // 0: there is no process
  double uptime_seconds = 0;
  std::uint64_t restarts = 0;
  std::optional<double> retry_in_seconds{};  // none outside backoff and crash loop
  bool in_crash_loop = false;                // until it has been healthy for long enough, or rests
  std::optional<bool> is_watched{};          // its own process; none: there is none, or not known
  const Unwatched* unwatched = nullptr;      // why its own process is not watched
  std::size_t watched_processes = 0;         // including its own
  std::size_t unwatched_below = 0;           // Pythons below it that are known not to be watched

  // Whether it is down by order of an operator or of the restart policy.
  bool rests() const {
    return !in_transition && (state == WorkerState::kStopped || state == WorkerState::kStopping ||
                              state == WorkerState::kExited);
  }

  // The state shown to operators: the lifecycle state, or "waiting" before its turn.
  std::string_view shown_state() const {
    const bool waits = in_transition && state == WorkerState::kStopped;
    return waits ? "waiting" : name_of(state);
  }
};

// Returns nullptr if there is no such worker.
inline const WorkerSnapshot* find(const std::vector<WorkerSnapshot>& workers,
                                  std::string_view name) {
  const auto found = std::ranges::find(
      workers, name, [](const auto& each) -> std::string_view { return each.config.name; });
  return found == workers.end() ? nullptr : &*found;
}

}  // namespace pyfault
