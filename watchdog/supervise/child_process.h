// The program under watch, from its start to its wait status.
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "watchdog/os/file_rights.h"
#include "watchdog/os/program_file.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/supervise/command.h"

namespace pyfault {

struct SpawnPlan {
  Command command;        // what was asked for: argv, and the words for what goes wrong
  ProgramSearch program;  // the file to execute; the child looks for it
  std::vector<std::string> environment;
  sigset_t signal_mask;

  // What is not to be inherited.
  bool own_session = false;                // it leads a session, and a process group, of its own
  std::array<int, 3> streams{-1, -1, -1};  // descriptors in place of our stdin, stdout, stderr
  std::vector<std::pair<int, rlimit>> limits{};  // RLIMIT_...
  std::optional<mode_t> umask{};
  std::optional<Identity> identity{};
  std::string directory{};  // empty: ours
  int cgroup_procs = -1;    // cgroup.procs of the cgroup that it goes to, opened for writing

  // It is killed when the thread that spawns it ends, whatever the reason: that must be one that
  // lives as long as we do. What it forks is not, nor a set-user-ID program.
  bool dies_with_us = false;
};

struct ChildEnd {
  int wait_status = 0;
  // Its own and that of the descendants it waited for; none where it was not our child.
  std::optional<rusage> usage{};
  // Not known to reap(): whether the kernel killed in its cgroup, for want of memory, while it ran.
  bool oom_kills_rose = false;
  // Likewise: the signals that it had handlers for at its end (of signal n: bit n - 1), if known.
  std::optional<std::uint64_t> caught_signals{};
  // False: it was not our child, and the kernel does not tell. Then there is no status.
  bool is_known = true;
};

class ChildProcess {
 public:
  // As spawn(), but waits for nobody: whether it is executed is to be heard.
  static ChildProcess begin(const SpawnPlan& plan);

  // After begin(): readable when there is something to hear.
  int launch_fd() const { return launch_.get(); }

  // True: the program runs (or was killed before). Throws StartError when it could not be executed,
  // or not as planned; then the process ends. `plan` is that of its beginning.
  bool hear_launch(const SpawnPlan& plan);

  // What it runs. From when it is heard that it does.
  struct Program {
    std::string path;
    ProgramFile file;
  };
  const Program& program() const { return program_; }

  // Everything that the plan does not name is inherited: process group, terminal, working
  // directory, limits, umask, ignored signals, and descriptors that are not close-on-exec. A text
  // file without #! is run by /bin/sh, as execvp(3) does. Throws StartError when it can't be
  // executed, or not as planned; then nothing runs.
  static ChildProcess spawn(const SpawnPlan& plan);

  // One that a watchdog before us has started; `pidfd` is its. Its end can't be waited for.
  static ChildProcess adopt(pid_t pid, UniqueFd pidfd) { return {pid, std::move(pidfd), true}; }

  pid_t pid() const { return pid_; }

  // Readable once the process has ended.
  int pidfd() const { return pidfd_.get(); }

  // Waits for its end. Call once, and of one that was adopted only once it has ended. Throws
  // std::system_error.
  ChildEnd reap();

 private:
  ChildProcess(pid_t pid, UniqueFd pidfd, bool adopted = false)
      : pid_(pid), pidfd_(std::move(pidfd)), adopted_(adopted) {}

  static ChildProcess clone(const SpawnPlan& plan, int flags);
  // As hear_launch(), but waits for it; the process that could not be executed is gone then.
  void await_launch(const SpawnPlan& plan);
  ChildEnd ask_kernel() const;

  pid_t pid_;
  UniqueFd pidfd_;
  bool adopted_;
  UniqueFd launch_;
  Program program_;
};

}  // namespace pyfault
