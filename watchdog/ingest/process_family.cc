#include "watchdog/ingest/process_family.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "watchdog/enrich/pid_namespace.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/pidfd.h"

namespace pyfault {

ProcessFamily::ProcessFamily(boost::asio::io_context& io, AttachedProcess attached,
                             std::function<void()> on_exit)
    : io_(io),
      attached_(std::move(attached)),
      start_ticks_(start_ticks(attached_.process.pid)),
      on_exit_(std::move(on_exit)) {
  if (UniqueFd pidfd = open_pidfd(attached_.process.pid)) {
    add(attached_.process.pid, std::move(pidfd));
  }
}

// The attached process is told from one that has its number now by its age; the others are younger
// than it.
ProcessFamily::ProcessFamily(boost::asio::io_context& io, FamilyMemory memory,
                             std::function<void()> on_exit)
    : io_(io),
      attached_(std::move(memory.attached)),
      start_ticks_(memory.start_ticks),
      on_exit_(std::move(on_exit)),
      translated_(std::move(memory.translated)) {
  for (const int pid : memory.members) {
    UniqueFd pidfd = open_pidfd(pid);
    const bool is_attached = pid == attached_.process.pid;
    const bool is_same = is_attached ? is_still(pid, start_ticks_) : belongs(pid);
    if (pidfd && is_same && members_.size() < kMaxMembers) add(pid, std::move(pidfd));
  }
}

FamilyMemory ProcessFamily::memory() const {
  FamilyMemory memory{attached_, start_ticks_, {}, translated_};
  for (const auto& [pid, pidfd] : members_) memory.members.push_back(pid);
  return memory;
}

bool ProcessFamily::watch(int own_pid) {
  const auto pid = translate(own_pid);
  if (!pid) return true;
  if (const auto member = members_.find(*pid); member != members_.end()) {
    return !has_exited(member->second.get());
  }
  UniqueFd pidfd = open_pidfd(*pid);
  if (!pidfd) return errno != ESRCH;
  if (has_exited(pidfd.get())) return false;
  if (members_.size() < kMaxMembers && !descriptors_are_short() && belongs(*pid))
    add(*pid, std::move(pidfd));
  return true;
}

void ProcessFamily::add(int pid, UniqueFd pidfd) {
  const auto [member, added] = members_.try_emplace(pid, io_, std::move(pidfd), [this, pid] {
    members_.erase(pid);
    on_exit_();
  });
  member->second.start();
}

// As far as it is known already.
std::optional<int> ProcessFamily::our_pid(int own_pid) const {
  if (own_pid == attached_.own_pid) return attached_.process.pid;
  if (const auto child = translated_.find(own_pid); child != translated_.end()) {
    return child->second;
  }
  if (attached_.own_pid != attached_.process.pid) return std::nullopt;
  return own_pid;
}

// What is none of the family under its own number may be so under another. A number in a namespace
// is given out again when its process is gone.
std::optional<int> ProcessFamily::translate(int own_pid) {
  const auto pid = our_pid(own_pid);
  if (own_pid == attached_.own_pid || (pid && belongs(*pid))) return pid;
  const auto child = find_namespaced_child(attached_.process.pid, own_pid);
  if (!child || !belongs(*child) || translated_.size() >= kMaxMembers) return pid;
  translated_[own_pid] = *child;
  return child;
}

// A child is younger than its parent, and only root's children may be somebody else. Keeps a forged
// owner from making us look at, or quote for, processes that the forger has no right to. Ages are
// known to a clock tick only, in which a watchdog may start its program.
bool ProcessFamily::belongs(int pid) const {
  if (pid == ::getpid()) return false;
  const auto stat = read_process_stat(pid);
  const auto identity = effective_identity(pid);
  return stat && identity && stat->start_ticks >= start_ticks_ &&
         (attached_.uid == 0 || identity->uid == attached_.uid);
}

std::optional<int> ProcessFamily::living_pid(int own_pid) const {
  const auto pid = our_pid(own_pid);
  return pid && belongs(*pid) ? pid : std::nullopt;
}

Process ProcessFamily::describe(int own_pid) const {
  Process process = attached_.process;
  if (own_pid != attached_.own_pid) {
    process.pid = our_pid(own_pid).value_or(own_pid);
    process.ppid = 0;
  }
  const auto pid = living_pid(own_pid);
  auto now = pid ? read_process(*pid) : std::nullopt;
  if (!now) return process;
  // A zombie has no command any more: the forked child's is that of the process that attached.
  if (now->command.empty()) {
    now->executable = std::move(process.executable);
    now->command = std::move(process.command);
  }
  return *now;
}

}  // namespace pyfault
