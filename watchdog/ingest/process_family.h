// The processes of one ring: the one that attached and the children it forked. Tracks which of them
// live, and which numbers a process may claim.
//
// A process in its own pid namespace has other numbers than those the watchdog sees. The ring holds
// "own pids", as the process sees them. That of the attached process is translated by the peer
// credentials of its connection, that of a child by /proc while the child lives.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "watchdog/enrich/process_info.h"
#include "watchdog/event/event.h"
#include "watchdog/ingest/attached_processes.h"
#include "watchdog/ingest/saved_session.h"
#include "watchdog/loop/readable_fd.h"
#include "watchdog/os/pidfd.h"

namespace pyfault {

class ProcessFamily {
 public:
  // Called with the number (as seen by the watchdog) of a member that has died, which remains a
  // member until it is forgotten. It may destroy the family's owner later, but not synchronously.
  using ExitHandler = std::function<void(int pid)>;

  // A new family, or one that a previous watchdog knew: the others that have died since are not
  // members. `attached_processes` is shared by all families. `attached_pidfd` is a pidfd of the
  // attached process; if it is empty, the family looks for the process by its number. One that is
  // not found has died: it is a member, but `on_exit` is not called for it.
  ProcessFamily(boost::asio::io_context& io, SavedFamily saved, ExitHandler on_exit,
                std::shared_ptr<AttachedProcesses> attached_processes,
                UniqueFd attached_pidfd = {});
  ~ProcessFamily();
  ProcessFamily(const ProcessFamily&) = delete;
  ProcessFamily& operator=(const ProcessFamily&) = delete;

  SavedFamily saved() const;

  // Makes a process a member if it can belong to the family. Returns false if it is dead; if it is
  // still a zombie, it becomes a member and its end is reported.
  bool watch(int own_pid);

  // Whether it is a member.
  bool knows(int own_pid) const;

  // Members that have died and were not forgotten yet.
  std::vector<int> dead() const;

  // The number of a member, as it sees itself.
  int own_pid_of(int pid) const;

  // `pid`, as seen by the watchdog, has executed another program.
  void forget(int pid);
  void forget_own(int own_pid);
  void forget_all();

  bool has(int pid) const { return members_.contains(pid); }
  bool all_dead() const { return members_.empty(); }
  // Whether it is a member that is not known to have died, and all of those.
  bool lives(int pid) const;
  std::vector<int> living() const;

  const AttachedProcess& attached() const { return attached_; }

  // The pid of the living process as seen by the watchdog; nullopt if it is dead or unknown, or if
  // the attached process has no right to make claims about it.
  std::optional<int> living_pid(int own_pid) const;

  // What is known of a process, alive or dead. Its command is the one that it, or the process it
  // was forked from, was started with: /proc shows the process's own memory, which may hold a title
  // (setproctitle) or garbage from a wild pointer. A number that cannot be confirmed is reported as
  // a claim; the number of a process outside the family is not attributed to this one.
  Process describe(int own_pid) const;

  // The end of a dead member, in numbers as seen by the watchdog.
  struct End {
    int own_pid = 0;
    Process process;
    // nullopt: its parent has reaped it, and this kernel (before 6.15) does not tell others.
    std::optional<int> wait_status;
    std::optional<double> uptime_seconds;
  };
  End end_of(int pid) const;

  // The end of one that was dead before it could become a member.
  End unseen_end(int own_pid) const { return {own_pid, describe(own_pid), {}, {}}; }

  // Children beyond these are not watched, nor are new ones while descriptors are short. A flood of
  // forged numbers is therefore bounded in descriptors.
  static constexpr std::size_t kMaxMembers = 4096;

 private:
  std::optional<int> our_pid(int own_pid) const;
  bool belongs(int pid) const;
  bool is_outside_family(int pid) const;
  std::optional<int> translate(int own_pid);
  bool is_attached_and_dead(int own_pid) const;
  void add(int pid, UniqueFd pidfd, const ProcessStat& stat);
  void add_attached(UniqueFd pidfd);

  struct Member {
    bool has_died() const { return !pidfd || has_exited(pidfd->get()); }

    std::optional<ReadableFd> pidfd;  // nullopt: it died before there could be one
    ProcessStat stat;                 // as of when it became a member
  };

  boost::asio::io_context& io_;
  AttachedProcess attached_;
  std::uint64_t start_ticks_;
  ExitHandler on_exit_;
  const std::shared_ptr<AttachedProcesses> attached_processes_;
  std::map<int, Member> members_;  // by pid as seen by the watchdog
  std::map<int, int> translated_;  // own pid to pid as seen by the watchdog, for children
};

}  // namespace pyfault
