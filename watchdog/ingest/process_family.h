// The processes of one ring: the one that attached and the children it forked. Knows which of them
// live, and which numbers a process may use without lying.
//
// A process in a pid namespace of its own sees other numbers than we do. What is written in the
// ring and in tokens is the process's "own pid". The attached one is translated by what the kernel
// said when it connected, a child of it by what /proc says while it lives.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>

#include "watchdog/event/event.h"
#include "watchdog/ingest/readable_fd.h"
#include "watchdog/ingest/session_memory.h"

namespace pyfault {

class ProcessFamily {
 public:
  // on_exit is called after any member has died; it may destroy the family's owner later, not at
  // once.
  ProcessFamily(boost::asio::io_context& io, AttachedProcess attached,
                std::function<void()> on_exit);

  // Goes on with what another watchdog knew. Who has died since is not a member.
  ProcessFamily(boost::asio::io_context& io, FamilyMemory memory, std::function<void()> on_exit);

  FamilyMemory memory() const;

  // Takes care of a process from now on, if it can be one of the family. False: it is dead.
  bool watch(int own_pid);

  // `pid`, in our namespace, has become another program.
  void forget(int pid) { members_.erase(pid); }
  void forget_all() { members_.clear(); }

  bool has(int pid) const { return members_.contains(pid); }
  bool all_dead() const { return members_.empty(); }

  const AttachedProcess& attached() const { return attached_; }

  // The living process's pid in our namespace; none when it is dead, unknown, or when the attached
  // process has no right to speak for it.
  std::optional<int> living_pid(int own_pid) const;

  // What is known of a process, alive or dead.
  Process describe(int own_pid) const;

  // Children beyond these are not watched, nor when descriptors are short; a flood of made-up
  // tokens costs no more descriptors.
  static constexpr std::size_t kMaxMembers = 4096;

 private:
  std::optional<int> our_pid(int own_pid) const;
  bool belongs(int pid) const;
  std::optional<int> translate(int own_pid);
  void add(int pid, UniqueFd pidfd);

  boost::asio::io_context& io_;
  AttachedProcess attached_;
  std::uint64_t start_ticks_;
  std::function<void()> on_exit_;
  std::map<int, ReadableFd> members_;  // by pid in our namespace
  std::map<int, int> translated_;      // own pid to pid in our namespace, of children
};

}  // namespace pyfault
