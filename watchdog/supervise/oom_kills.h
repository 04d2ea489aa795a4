// Detects whether the kernel has killed a process for lack of memory in the program's cgroup. This
// tells a SIGKILL of the OOM killer from one that a process has sent.
//
// Reads memory.events of cgroup v2 (or memory.events.local if the kernel has it: the cgroup's own
// count, without its children's) or memory.oom_control of v1. A count that cannot be read is
// unknown, and unknown is never taken for a kill.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "watchdog/os/unique_fd.h"
#include "watchdog/supervise/memory_cgroup.h"

namespace pyfault {

class OomKills {
 public:
  // Stores the memory cgroup of `pid` and its count. Call it for a process before that forks the
  // program: the child starts in the same cgroup, and no kill can precede the count. `root` is
  // prepended to all paths, for tests.
  explicit OomKills(pid_t pid, const std::string& root = "");

  // The same for a cgroup that is still empty.
  explicit OomKills(const MemoryCgroup& cgroup, std::string root = "");

  // Returns true if the count has increased and `pid`, which must not have been reaped yet, is
  // known to be still in that cgroup.
  bool rose(pid_t pid) const;

  // A descriptor that is readable when the count may have changed; its reader must drain it. Empty
  // if the kernel has no such notification (cgroup v1) or the count is unknown.
  UniqueFd changes() const;

  // Attributes kills to other processes if the program lives on. A victim may take a moment to
  // begin to die, so a count is accepted only when a later call finds that `pid` is not dying.
  // Returns true if it must be called again after a while.
  bool settle(pid_t pid);

  // Attributes all kills up to now to other processes.
  void reset_baseline();

 private:
  bool has_left(pid_t pid) const;

  std::string root_;
  std::string cgroup_;  // as in /proc/PID/cgroup
  std::string folder_;
  bool unified_ = false;
  std::optional<std::uint64_t> before_;  // nullopt: unknown
  std::optional<std::uint64_t> seen_;    // by the last settle()
};

}  // namespace pyfault
