// What is known of a watched program, as far as it explains its end; creates the events of its
// start and its end. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/supervise/child_process.h"

namespace pyfault {

// The last crash of the process itself.
struct OwnCrash {
  std::string id;
  std::string fingerprint;
  int signal = 0;
  bool fatal = false;
};

// What another watchdog needs to continue.
struct SavedProcessHistory {
  Process process;
  std::optional<OwnCrash> last_crash;
  bool records_left_out = false;
  std::vector<int> replaced;  // handlers, by signal
};

class ProcessHistory {
 public:
  ProcessHistory() = default;
  explicit ProcessHistory(Process process) : process_(std::move(process)) {}

  SavedProcessHistory saved() const;
  explicit ProcessHistory(SavedProcessHistory saved);

  // Records what may explain the end of the program: its own crash, records that were left out, the
  // handlers that it replaced, and why it is not watched. Events of other processes are ignored.
  void on_event(const Event& event);

  // To be called when a process has attached. If it is the program, its description is updated: a
  // script's `#!/usr/bin/env python3` may have called exec.
  void on_attach(const Process& process);

  // What a process has said about itself, when it has ended. That of others is ignored.
  void on_last_context(int pid, const Context& context);

  // Whether an agent runs in the program. None if that is not known yet.
  std::optional<bool> is_watched() const { return watched_; }
  // Why the program is not watched.
  const std::optional<Unwatched>& unwatched() const { return unwatched_; }

  int pid() const { return process_.pid; }

  const Process& process() const { return process_; }

  const std::optional<OwnCrash>& last_crash() const { return last_crash_; }

  Event start_event() const;

  // Refers to the last crash if the program was killed by that crash's signal, by any signal after
  // a fatal crash, or exited with a failure (a handler may turn a signal into an exit code).
  Event exit_event(const ChildEnd& end, double uptime_seconds) const;

 private:
  ExitEvent describe_unknown_end() const;
  static bool lacks_record(const ExitEvent& exit);
  std::optional<bool> handler_replaced(const ExitEvent& exit) const;
  std::optional<Unwatched> why_no_record(const ExitEvent& exit, const ChildEnd& end) const;
  bool ended_by_crash(const ExitEvent& exit) const;

  Process process_;  // as last seen: the program may have called exec
  std::optional<OwnCrash> last_crash_;
  std::optional<bool> watched_;
  std::optional<Unwatched> unwatched_;
  Context context_;         // once it has ended
  bool left_out_ = false;   // some of its records were dropped
  std::set<int> replaced_;  // signals for which the program has installed its own handler
};

}  // namespace pyfault
