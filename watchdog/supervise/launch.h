// What a child does between its creation and the exec. This includes all that a slow disk, a
// network file system or a frozen cgroup may delay, so that it delays only the child.
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

// The messages on its pipe, which execve closes: one when the program has been found, and another
// one if it could not be executed; or only one with the reason why it did not get that far.
struct LaunchReport {
  LaunchStep failed = LaunchStep::kNone;
  int error = 0;  // errno
  ProgramFound found;
  ProgramFile file;
};

// Everything that the child needs, prepared before it is created. Points into the plan.
class Launch {
 public:
  Launch(const SpawnPlan& plan, bool sigchld_ignored, int report_fd);

  // Runs in the child, which was cloned from a process that may have threads, so it only makes
  // system calls. Does not return.
  int run();

 private:
  LaunchReport prepare();
  void execute(const char* path);

  const SpawnPlan& plan_;
  std::vector<char*> argv_;
  std::vector<char*> shell_argv_;  // for a script without #!, whose path is filled in
  std::vector<char*> environment_;
  bool sigchld_ignored_;
  int report_fd_;
  pid_t parent_;
};

}  // namespace pyfault
