// What a session knows that its ring and its pipe don't say, for a watchdog that goes on with them.
// Plain values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

struct AttachedProcess {
  int own_pid = 0;
  uid_t uid = 0;    // effective, when it connected
  Process process;  // as /proc had it then; `pid` is ours
};

struct FamilyMemory {
  AttachedProcess attached;
  std::uint64_t start_ticks = 0;  // of the attached process
  std::vector<int> members;       // those that lived, in our namespace
  std::map<int, int> translated;  // see ProcessFamily
};

struct SessionMemory {
  std::uint64_t id = 0;  // among the sessions of one AttachServer
  FamilyMemory family;
  std::int64_t attached_ns = 0;
  std::uint32_t dropped = 0;  // records, as far as they were told of
  std::vector<int> replaced;  // signals
  bool own_death_told = false;
};

struct KeptSession {
  SessionMemory memory;
  UniqueFd ring;
  UniqueFd pipe;  // read end
};

}  // namespace pyfault
