// Whether the agent can be, or is, in a process: evidence from its file and from /proc.
#pragma once

#include <optional>
#include <string>

#include "watchdog/event/unwatched.h"
#include "watchdog/os/program_file.h"
#include "watchdog/os/timed_read.h"

namespace pyfault {

// The reason why the dynamic loader will not load the agent into a program with this file, if any.
std::optional<Unwatched> obstacle_in(const ProgramFile& file);

// Evidence from /proc about a living process.
struct WatchSigns {
  std::string executable;   // path; empty if the process may not be examined
  std::string name;         // as /proc shows it, to everybody
  bool secure = false;      // the dynamic loader runs in secure mode (AT_SECURE)
  bool has_loader = true;   // a dynamic loader was mapped with the program
  bool is_mapped = false;   // its memory map was readable, which the next three need
  bool has_agent = false;   // the agent's library is mapped
  bool has_ring = false;    // a ring of the agent is mapped
  bool has_python = false;  // an interpreter by its name, or libpython is mapped
  bool has_run = false;     // it sleeps or has used CPU time, so the loader has finished
};

// Returns nullopt if the process is gone or has ended. Reads only the kernel's tables; if the
// process may not be examined, only what every user may see.
std::optional<WatchSigns> look_for_agent(int pid, ReadMemoryFile read = &read_on_loop);

struct WatchVerdict {
  Unwatched why;
  bool is_certain = false;  // false: may still change, as a Python may be loaded at any time
};

// Returns nullopt if the process is watched, or if nothing can be said yet. No side effects.
std::optional<WatchVerdict> judge(const WatchSigns& signs);

// The same for a process that nobody has asked to be watched, below one that was: only a Python is
// to be reported, of whatever implementation.
std::optional<WatchVerdict> judge_one_below(const WatchSigns& signs);

// Whether a process that was found unwatched has a ring after all, or has executed something that
// is no Python.
bool is_cleared(const WatchSigns& signs);

}  // namespace pyfault
