// Whether the agent can be in a process, or is: what its file and /proc say of it.
#pragma once

#include <optional>
#include <string>

#include "watchdog/event/unwatched.h"
#include "watchdog/os/program_file.h"

namespace pyfault {

// Why the dynamic loader will not load the agent into a program with this file, if it will not.
std::optional<Unwatched> obstacle_in(const ProgramFile& file);

// What /proc says of a living process.
struct WatchSigns {
  std::string executable;   // path
  bool secure = false;      // the dynamic loader was told to be careful
  bool has_loader = true;   // a dynamic loader was mapped with it
  bool is_mapped = false;   // the next three could be looked at
  bool has_agent = false;   // the agent's library is mapped
  bool has_ring = false;    // and its ring
  bool has_python = false;  // it is an interpreter by its name, or has libpython mapped
  bool has_run = false;     // it waits for something, or has used CPU time: it is past its loader
};

// None when it is gone, or has ended. Reads of the kernel's tables only; of a process that may not
// be looked at, what everybody may know.
std::optional<WatchSigns> look_for_agent(int pid);

struct WatchVerdict {
  Unwatched why;
  bool is_certain = false;  // else it may still change: a Python may be loaded at any time
};

// None: it is watched, or nothing can be said yet. Pure.
std::optional<WatchVerdict> judge(const WatchSigns& signs);

}  // namespace pyfault
