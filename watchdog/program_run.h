// What the reports say about the program as a whole: its start and its end. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/supervise/child_process.h"

namespace pyfault {

class ProgramRun {
 public:
  struct LastCrash {
    std::string id;
    int signal = 0;
    bool fatal = false;
  };

  ProgramRun() = default;
  explicit ProgramRun(Process process) : process_(std::move(process)) {}

  // What was noted up to now, and going on from it.
  struct Memory {
    Process process;
    std::optional<LastCrash> last_crash;
    bool left_out = false;
    std::vector<int> replaced;
  };
  Memory memory() const;
  explicit ProgramRun(Memory memory);

  // Remembers a crash of the program itself, which its end may be owed to, which of our handlers it
  // replaced, and why it is not watched; other events are not its.
  void note(const Event& event);

  // A process has attached: perhaps the program, which a script's `#!/usr/bin/env python3` has
  // become.
  void refresh(const Process& process);

  // An agent is at work in it. None: that is not known yet.
  std::optional<bool> is_watched() const { return watched_; }
  // Why it is not.
  const std::optional<Unwatched>& unwatched() const { return unwatched_; }

  int pid() const { return process_.pid; }

  const Process& process() const { return process_; }

  Event start_event() const;

  // Names the last crash when the program ended by that crash's signal, by any signal once it was
  // bound to die, or exited in failure (a handler may turn a signal into an exit code).
  Event exit_event(const ChildEnd& end, double uptime_seconds) const;

 private:
  ExitEvent describe_unknown_end() const;
  static bool lacks_record(const ExitEvent& exit);
  std::optional<bool> handler_replaced(const ExitEvent& exit) const;
  std::optional<Unwatched> why_no_record(const ExitEvent& exit, const ChildEnd& end) const;
  bool ended_by_crash(const ExitEvent& exit) const;

  Process process_;  // as last seen: the program may have replaced itself by exec
  std::optional<LastCrash> last_crash_;
  std::optional<bool> watched_;
  std::optional<Unwatched> unwatched_;
  bool left_out_ = false;   // records of it or its children: there were too many
  std::set<int> replaced_;  // signals that the program has a handler of its own for
};

}  // namespace pyfault
