// The process tree of a worker: its own process, its descendants, and their orphans.
//
// The watchdog is the subreaper of its descendants (PR_SET_CHILD_SUBREAPER), so an orphan becomes
// its child. The orphan is still known by the worker's session; if it has left the session, by an
// agent that is attached in it, or in the process that forked it; and otherwise by the worker's
// PYFAULT_SOCKET in its environment. The environment is the least reliable: it is the process's own
// memory and may have been overwritten (setproctitle writes titles there). Orphans of an earlier
// watchdog were reparented to our parent.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Returns the ancestors of `pid`, from its parent up to `top`, or to the last one below the
// watchdog or init.
std::vector<Ancestor> parents_of(int pid, int top);

// The same for a process that is gone, starting with its former parent `parent`.
std::vector<Ancestor> parents_from(int parent, int top);

struct WorkerTree {
  int pid = -1;        // of the worker's process, dead (but not reaped) or alive; -1: none
  std::string socket;  // the worker's PYFAULT_SOCKET
  std::function<bool(int)> is_watched{};  // whether an agent of this worker runs in the process
};

// Returns the living processes of the tree, without the worker's own process.
std::vector<int> below(const WorkerTree& tree);

// Returns whether `pid`, a process of user `uid`, is the worker's process or below it. Any process
// on the machine can cause this check, so it reads only the ancestors of `pid`, and an environment
// only for root, for our own user and for the worker's.
bool is_part_of(const WorkerTree& tree, int pid, uid_t uid);

inline constexpr std::size_t kMaxAwaited = 64;

// Sends SIGKILL to all of below(), including processes that are forked meanwhile. Returns pidfds of
// the killed processes, which may still be dying, but at most kMaxAwaited of them.
std::vector<UniqueFd> kill_below(const WorkerTree& tree);

}  // namespace pyfault
