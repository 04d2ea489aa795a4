// The watched program, from its start to its wait status.
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
  Command command;        // as requested: argv, and the names for error messages
  ProgramSearch program;  // the file to execute; the child looks it up
  std::vector<std::string> environment;
  sigset_t signal_mask;

  // Replaces what the child would inherit.
  bool own_session = false;                // becomes leader of a new session and process group
  std::array<int, 3> streams{-1, -1, -1};  // replace stdin, stdout, stderr; -1: inherited
  std::vector<std::pair<int, rlimit>> limits{};  // RLIMIT_...
  std::optional<mode_t> umask{};
  std::optional<Identity> identity{};
  std::string directory{};  // empty: inherited
  int cgroup_procs = -1;    // cgroup.procs of the cgroup to enter, opened for writing; -1: none

  // The child is killed when the thread that spawned it ends, for any reason, so that must be one
  // that lives as long as this process. Does not apply to its own children, nor to a set-user-ID
  // program.
  bool dies_with_us = false;
};

struct ChildEnd {
  int wait_status = 0;
  // Of the process and the descendants it has waited for; nullopt if it was not a child of this
  // process.
  std::optional<rusage> usage{};
  // Not set by reap(): whether the OOM killer was active in its cgroup while it ran.
  bool oom_kills_rose = false;
  // Not set by reap() either: the signals that it had handlers for at its end (bit n - 1 for signal
  // n), if known.
  std::optional<std::uint64_t> caught_signals{};
  // False if it was not a child of this process and the kernel does not tell; then there is no
  // status.
  bool is_known = true;
};

class ChildProcess {
 public:
  // Like spawn(), but does not wait for the exec, whose result hear_launch() tells.
  static ChildProcess begin(const SpawnPlan& plan);

  // After begin(): readable when hear_launch() has something to read.
  int launch_fd() const { return launch_.get(); }

  // Returns true if the program runs (or was killed before it could), false if that is not known
  // yet. Throws StartError if it could not be executed as planned; then the process ends. `plan`
  // must be the one passed to begin().
  bool hear_launch(const SpawnPlan& plan);

  // What the process runs; valid once hear_launch() has returned true.
  struct Program {
    std::string path;
    ProgramFile file;
  };
  const Program& program() const { return program_; }

  // Starts the program. Everything that the plan does not specify is inherited: process group,
  // terminal, working directory, limits, umask, ignored signals, and descriptors that are not
  // close-on-exec. A text file without #! is run by /bin/sh, as execvp(3) does. Throws StartError
  // if the program cannot be executed as planned; then nothing runs.
  static ChildProcess spawn(const SpawnPlan& plan);

  // A process started by a previous watchdog, with its pidfd. It cannot be waited for.
  static ChildProcess adopt(pid_t pid, UniqueFd pidfd) { return {pid, std::move(pidfd), true}; }

  pid_t pid() const { return pid_; }

  // Readable once the process has ended.
  int pidfd() const { return pidfd_.get(); }

  // Waits for the end of the process; for an adopted one, call it only after its end. Call it once.
  // Throws std::system_error.
  ChildEnd reap();

 private:
  ChildProcess(pid_t pid, UniqueFd pidfd, bool adopted = false)
      : pid_(pid), pidfd_(std::move(pidfd)), adopted_(adopted) {}

  static ChildProcess clone(const SpawnPlan& plan, int flags);
  // Waits until hear_launch() returns true. If it throws, the process has been reaped.
  void await_launch(const SpawnPlan& plan);
  ChildEnd ask_kernel() const;

  pid_t pid_;
  UniqueFd pidfd_;
  bool adopted_;
  UniqueFd launch_;
  Program program_;
};

}  // namespace pyfault
