// The processes below another one, as the kernel lists them (/proc/PID/task/TID/children). Only the
// kernel's tables are read, but there may be many of them: not for the event loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pyfault {

struct Descendant {
  int pid = 0;
  std::uint64_t start_ticks = 0;  // tells it from one that has reused its number

  bool operator==(const Descendant&) const = default;
};

// Both take the number of files of /proc that they read off `reads`, and end when none is left.

// Returns the children of `pid`, alive or zombies. Each thread has a list of those that it forked.
std::vector<int> children_of(int pid, std::size_t& reads);

// Returns the living processes below `root`, parents before their children. Of a process with very
// many threads, the children of some are not found; nor are orphans, whose parent is another one by
// now.
std::vector<Descendant> descendants_of(int root, std::size_t& reads);

}  // namespace pyfault
