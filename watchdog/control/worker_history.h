// What has become of a worker before: its last exit and crash, and how many of each kind there
// were. Gathered from its events, and handed over to the watchdog that comes next. Pure.
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
  std::optional<LastCrash> last_crash;  // of that, or of one below it
  Counts exits;                         // of its own process, by reason
  Counts crashes;                       // of those below it too, by the signal's name
  Counts unwatched;                     // processes, by reason

  // An event of this worker, with its time.
  void note(const Event& event);

  bool operator==(const WorkerHistory&) const = default;
};

}  // namespace pyfault
