// What a session knows that its ring does not contain, as plain values for the watchdog that takes
// it over.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

struct AttachedProcess {
  int own_pid = 0;
  uid_t uid = 0;    // effective uid when it connected
  Process process;  // from /proc at that time; `pid` is as seen by the watchdog
  // Set if the process was dead when its hello was read, or when a watchdog took it over: the time
  // of the hello, or its start, in clock ticks since boot.
  std::optional<std::uint64_t> died_after = std::nullopt;
};

struct SavedFamily {
  AttachedProcess attached;
  std::uint64_t start_ticks = 0;  // of the attached process
  // It has not executed another program, and its end has not been handled.
  bool has_attached = false;
  std::map<int, int> translated;  // see ProcessFamily
};

struct SavedSession {
  std::uint64_t id = 0;  // unique in its AttachServer
  SavedFamily family;
  std::int64_t attached_ns = 0;
  // The part of the ring's counters that was reported already.
  std::uint32_t dropped = 0;  // records
  std::uint32_t unknown_children = 0;
  std::uint32_t contextless = 0;  // processes
  std::uint16_t lost_children = 0;
  std::vector<int> replaced;  // signals
  bool own_death_told = false;
};

struct InheritedSession {
  SavedSession saved;
  UniqueFd ring;
};

}  // namespace pyfault
