// The processes of one ring: the one that attached and the children it forked. Knows which of them
// live, and which numbers a process may use without lying.
//
// A process in a pid namespace of its own sees other numbers than we do. What is written in the
// ring is the process's "own pid". The attached one is translated by what the kernel
// said when it connected, a child of it by what /proc says while it lives.
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
#include "watchdog/ingest/readable_fd.h"
#include "watchdog/ingest/session_memory.h"

namespace pyfault {

class ProcessFamily {
 public:
  // Called with a member (in our numbers) that has died, and is still one until it is forgotten. It
  // may destroy the family's owner later, not at once.
  using ExitHandler = std::function<void(int pid)>;

  // `attached_processes` is that of all families.
  ProcessFamily(boost::asio::io_context& io, AttachedProcess attached, ExitHandler on_exit,
                std::shared_ptr<AttachedProcesses> attached_processes);

  // Goes on with what another watchdog knew. Who has died since is not a member.
  ProcessFamily(boost::asio::io_context& io, FamilyMemory memory, ExitHandler on_exit,
                std::shared_ptr<AttachedProcesses> attached_processes);
  ~ProcessFamily();
  ProcessFamily(const ProcessFamily&) = delete;
  ProcessFamily& operator=(const ProcessFamily&) = delete;

  FamilyMemory memory() const;

  // Takes care of a process from now on, if it can be one of the family. False: it is dead; of one
  // that has only just died the end is told all the same.
  bool watch(int own_pid);

  // Whether it is taken care of, and was not forgotten.
  bool knows(int own_pid) const;

  // Members that have died, and nobody has heard of it yet.
  std::vector<int> dead() const;

  // `pid`, in our namespace, has become another program.
  void forget(int pid);
  void forget_own(int own_pid);
  void forget_all();

  bool has(int pid) const { return members_.contains(pid); }
  std::size_t size() const { return members_.size(); }
  bool all_dead() const { return members_.empty(); }

  const AttachedProcess& attached() const { return attached_; }

  // The living process's pid in our namespace; none when it is dead, unknown, or when the attached
  // process has no right to speak for it.
  std::optional<int> living_pid(int own_pid) const;

  // What is known of a process, alive or dead. Its command is the one that it, or the process that
  // it was forked from, was started with: what /proc shows is its own memory, and may be a title
  // (setproctitle), or what a wild pointer has left. A number that nobody can confirm is told as a
  // claim; one that is somebody else's is not taken for the process's.
  Process describe(int own_pid) const;

  // Of a member that has died, in our numbers.
  struct End {
    int own_pid = 0;
    Process process;
    // None: its parent has taken it, and this kernel (before 6.15) tells nobody else.
    std::optional<int> wait_status;
    double uptime_seconds = 0;
  };
  End end_of(int pid) const;

  // Children beyond these are not watched, nor when descriptors are short; a flood of made-up
  // numbers costs no more descriptors.
  static constexpr std::size_t kMaxMembers = 4096;

 private:
  std::optional<int> our_pid(int own_pid) const;
  bool belongs(int pid) const;
  bool is_somebody_elses(int pid) const;
  std::optional<int> translate(int own_pid);
  void add(int pid, UniqueFd pidfd);
  int own_pid_of(int pid) const;

  struct Member {
    ReadableFd pidfd;
    ProcessStat stat;  // as it was when it became one
  };

  boost::asio::io_context& io_;
  AttachedProcess attached_;
  std::uint64_t start_ticks_;
  ExitHandler on_exit_;
  const std::shared_ptr<AttachedProcesses> attached_processes_;
  std::map<int, Member> members_;  // by pid in our namespace
  std::map<int, int> translated_;  // own pid to pid in our namespace, of children
};

}  // namespace pyfault
