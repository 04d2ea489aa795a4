// What a session knows that its ring does not say, for a watchdog that goes on with it.
// Plain values.
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
  uid_t uid = 0;    // effective, when it connected
  Process process;  // as /proc had it then; `pid` is ours
  // Already dead when we came to hear its hello, and then the time of the hello, in /proc's ticks.
  std::optional<std::uint64_t> died_after = std::nullopt;
};

struct FamilyMemory {
  AttachedProcess attached;
  std::uint64_t start_ticks = 0;  // of the attached process
  bool has_attached = false;      // it has not become another program, nor died
  std::map<int, int> translated;  // see ProcessFamily
};

struct SessionMemory {
  std::uint64_t id = 0;  // among the sessions of one AttachServer
  FamilyMemory family;
  std::int64_t attached_ns = 0;
  // Of what the ring counts, as far as it was told of.
  std::uint32_t dropped = 0;  // records
  std::uint32_t unknown_children = 0;
  std::uint16_t lost_children = 0;
  std::vector<int> replaced;  // signals
  bool own_death_told = false;
};

struct KeptSession {
  SessionMemory memory;
  UniqueFd ring;
};

}  // namespace pyfault
