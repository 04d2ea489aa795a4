// Whether the kernel has killed for want of memory in the program's cgroup: the difference between
// a SIGKILL that somebody sent and one that the OOM killer sent.
//
// Reads cgroup v2's memory.events (memory.events.local, where the kernel has it: the cgroup's own
// count, without its children's) or v1's memory.oom_control. What can't be read is unknown, and
// unknown is never taken for a kill.
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
  // Remembers the memory cgroup of `pid` and its count. Take it of a process before it forks the
  // program: the child begins in the same cgroup, and no kill can come before the count. `root`
  // stands in front of all paths, for tests.
  explicit OomKills(pid_t pid, const std::string& root = "");

  // The same of a cgroup that nobody is in yet.
  explicit OomKills(const MemoryCgroup& cgroup, std::string root = "");

  // True when the count is higher now and `pid`, a process not yet reaped, is known to be in that
  // cgroup still.
  bool rose(pid_t pid) const;

  // Readable when the count may have changed; to be emptied by whoever reads it. Empty where the
  // kernel has no such sign, or the count is unknown: cgroup v1, say.
  UniqueFd changes() const;

  // For a program that lives on: the kills were others'. A victim may take a moment to begin to
  // die, so a count is believed to be others' only when a later call finds that `pid` does not.
  // True: call again, a good moment later.
  bool settle(pid_t pid);

  // What was counted up to now is somebody else's.
  void count_anew();

 private:
  bool has_left(pid_t pid) const;

  std::string root_;
  std::string cgroup_;  // as /proc/PID/cgroup has it
  std::string folder_;
  bool unified_ = false;
  std::optional<std::uint64_t> before_;  // none: unknown
  std::optional<std::uint64_t> seen_;    // by settle() last
};

}  // namespace pyfault
