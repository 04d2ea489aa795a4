// A worker's past: its last exit and crash, and the counts of each kind. Gathered from its events,
// and handed over to the next watchdog.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "watchdog/control/status.h"
#include "watchdog/event/event.h"

namespace pyfault {

struct WorkerHistory {
  using Counts = std::map<std::string, std::uint64_t>;

  std::optional<LastExit> last_exit;    // of its own process
  std::optional<LastCrash> last_crash;  // of that or of a descendant
  Counts exits;                         // of its own process, by reason
  Counts crashes;                       // of descendants too, by the signal's name
  Counts unwatched;                     // processes, by reason

  // Takes an event of this worker, with its time.
  void on_event(const Event& event);

  bool operator==(const WorkerHistory&) const = default;
};

}  // namespace pyfault
