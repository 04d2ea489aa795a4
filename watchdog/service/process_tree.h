// The processes of a worker: its own, those below it, and what they leave behind.
//
// We are the reaper of orphans (PR_SET_CHILD_SUBREAPER), so whoever loses its parent becomes our
// child. It is still known by the worker's session, or, when it has left that, by having attached
// or having been forked by one that has; or else by the worker's PYFAULT_SOCKET in its environment,
// which is the process's own memory and may be anything by now (setproctitle writes titles there).
// Orphans of a watchdog before us went to our parent.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

// From the parent of `pid` up to `top`, or to the last one that is not ourselves.
std::vector<Ancestor> parents_of(int pid, int top);

// The same with `parent` as the first, of a process that is no more.
std::vector<Ancestor> parents_from(int parent, int top);

struct WorkerTree {
  int pid = -1;        // of the worker's process, dead (but not reaped) or alive; -1: none
  std::string socket;  // the worker's PYFAULT_SOCKET
  std::function<bool(int)> is_watched{};  // an agent of the worker's is at work in this process
};

// Those that live; without the worker's own process.
std::vector<int> below(const WorkerTree& tree);

// Whether `pid`, a process of user `uid`, is the worker's process or below it. Anybody may make us
// ask, so this looks at its ancestors alone; and at no environment, unless it is the worker's
// user's or root's.
bool is_part_of(const WorkerTree& tree, int pid, uid_t uid);

inline constexpr std::size_t kMaxAwaited = 64;

// By SIGKILL, those that are born meanwhile too. Returns pidfds of those that
// were still to die, but of no more than kMaxAwaited.
std::vector<UniqueFd> kill_below(const WorkerTree& tree);

}  // namespace pyfault
