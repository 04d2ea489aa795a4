// What a child does between its birth and its program: all that a slow disk, a network file system
// or a frozen cgroup may hold up, so that it holds up nobody else.
#pragma once

#include <cstddef>
#include <vector>

#include "watchdog/os/program_file.h"
#include "watchdog/supervise/child_process.h"
#include "watchdog/supervise/command.h"

namespace pyfault {

enum class LaunchStep {
  kNone,
  kCgroup,
  kSession,
  kStreams,
  kLimits,
  kIdentity,
  kDirectory,
  kFind,
  kExecute
};

// What it says on its pipe, which execve closes: once when it has found the program, and once more
// when it could not be executed; or only why it did not come so far.
struct LaunchReport {
  LaunchStep failed = LaunchStep::kNone;
  int error = 0;  // errno
  ProgramFound found;
  ProgramFile file;
};

// All that it needs, made ready before it is born; it points into the plan.
class Launch {
 public:
  Launch(const SpawnPlan& plan, bool sigchld_ignored, int report_fd);

  // In the child, which was cloned from a process that may have threads: it only makes system
  // calls. Does not return.
  int run();

 private:
  LaunchReport prepare();
  void execute(const char* path);

  const SpawnPlan& plan_;
  std::vector<char*> argv_;
  std::vector<char*> shell_argv_;  // for a script without #!; its path is put in
  std::vector<char*> environment_;
  bool sigchld_ignored_;
  int report_fd_;
  pid_t parent_;
};

}  // namespace pyfault
