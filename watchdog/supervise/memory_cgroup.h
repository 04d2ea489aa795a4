// Finds the directory of a process's memory cgroup in the file system.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace pyfault {

// The cgroup's path within the hierarchy that accounts for memory, from /proc/PID/cgroup.
struct MemoryCgroup {
  bool unified = false;  // cgroup v2
  std::string path;      // empty if unknown
};

MemoryCgroup memory_cgroup(std::string_view proc_pid_cgroup);

// The process's cgroup in the v2 hierarchy, regardless of its controllers.
MemoryCgroup unified_cgroup(std::string_view proc_pid_cgroup);

// Returns the directory of the cgroup, from the text of /proc/self/mountinfo; empty if its
// hierarchy, or that part of it, is not mounted here.
std::string folder_of(const MemoryCgroup& cgroup, std::string_view mountinfo);

}  // namespace pyfault
