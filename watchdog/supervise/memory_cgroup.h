// Where a process's memory cgroup is to be found in the file system.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace pyfault {

// What /proc/PID/cgroup says: the cgroup's path within the hierarchy that accounts for memory.
struct MemoryCgroup {
  bool unified = false;  // cgroup v2
  std::string path;      // empty where unknown
};

MemoryCgroup memory_cgroup(std::string_view proc_pid_cgroup);

// Its cgroup of v2, whatever that accounts for.
MemoryCgroup unified_cgroup(std::string_view proc_pid_cgroup);

// The folder of the cgroup, from the text of /proc/self/mountinfo; empty when that hierarchy, or
// that part of it, is not mounted here.
std::string folder_of(const MemoryCgroup& cgroup, std::string_view mountinfo);

}  // namespace pyfault
