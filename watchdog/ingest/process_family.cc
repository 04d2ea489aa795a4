#include "watchdog/ingest/process_family.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "shared/handshake.h"
#include "watchdog/crash/utf8.h"
#include "watchdog/enrich/pid_namespace.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/process_end.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/pidfd.h"

namespace pyfault {
namespace {

// Arguments as `ps` shows them, without empty ones, truncated to fit a line.
std::string title_of(const std::vector<std::string>& command) {
  constexpr std::size_t kLongest = 256;
  std::string title;
  for (const std::string& argument : command) {
    if (argument.empty() || title.size() > kLongest) continue;
    title += (title.empty() ? "" : " ") + argument;
  }
  title = cut_utf8(title, kLongest);
  while (title.ends_with(' ')) title.pop_back();
  return title;
}

// Either may be truncated where it is very long, and a claim does not preserve trailing empty
// arguments.
bool shows(const std::vector<std::string>& shown, const std::vector<std::string>& command) {
  const auto joined = [](const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += word + '\0';
    return text.substr(0, text.find_last_not_of('\0') + 1);
  };
  const std::string one = joined(shown);
  const std::string other = joined(command);
  const std::size_t least = std::min(one.size(), other.size());
  const bool is_cut = least >= sizeof(ProcessClaims::command) - 2;
  return one == other || (is_cut && one.compare(0, least, other, 0, least) == 0);
}

}  // namespace

// The attached process is told apart by its age from one that has reused its number. The other
// members have entered themselves in the ring, or have executed another program meanwhile.
ProcessFamily::ProcessFamily(boost::asio::io_context& io, SavedFamily saved, ExitHandler on_exit,
                             std::shared_ptr<AttachedProcesses> attached_processes,
                             UniqueFd attached_pidfd)
    : io_(io),
      attached_(std::move(saved.attached)),
      start_ticks_(saved.start_ticks),
      on_exit_(std::move(on_exit)),
      attached_processes_(std::move(attached_processes)),
      translated_(std::move(saved.translated)) {
  if (saved.has_attached) add_attached(std::move(attached_pidfd));
}

ProcessFamily::~ProcessFamily() {
  attached_processes_->remove(attached_.process.pid, this);
}

SavedFamily ProcessFamily::saved() const {
  return {attached_, start_ticks_, has(attached_.process.pid), translated_};
}

bool ProcessFamily::watch(int own_pid) {
  const auto pid = translate(own_pid);
  if (!pid) return true;
  if (const auto member = members_.find(*pid); member != members_.end()) {
    return !member->second.has_died();
  }
  if (is_attached_and_dead(own_pid)) return false;
  UniqueFd pidfd = open_pidfd(*pid);
  if (!pidfd) return errno != ESRCH;
  const bool lives = !has_exited(pidfd.get());
  if (members_.size() < kMaxMembers && !descriptors_are_short() && belongs(*pid))
    add(*pid, std::move(pidfd), read_process_stat(*pid).value_or(ProcessStat{}));
  return lives;
}

bool ProcessFamily::lives(int pid) const {
  const auto member = members_.find(pid);
  return member != members_.end() && member->second.pidfd;
}

std::vector<int> ProcessFamily::living() const {
  std::vector<int> pids;
  for (const auto& [pid, member] : members_) {
    if (member.pidfd) pids.push_back(pid);
  }
  return pids;
}

std::vector<int> ProcessFamily::dead() const {
  std::vector<int> pids;
  for (const auto& [pid, member] : members_) {
    if (member.has_died()) pids.push_back(pid);
  }
  return pids;
}

void ProcessFamily::forget(int pid) {
  attached_processes_->remove(pid, this);
  members_.erase(pid);
  std::erase_if(translated_, [pid](const auto& each) { return each.second == pid; });
}

void ProcessFamily::forget_all() {
  attached_processes_->remove(attached_.process.pid, this);
  members_.clear();
}

bool ProcessFamily::knows(int own_pid) const {
  const auto pid = our_pid(own_pid);
  return pid && members_.contains(*pid);
}

void ProcessFamily::forget_own(int own_pid) {
  if (const auto pid = our_pid(own_pid); pid && own_pid != attached_.own_pid) forget(*pid);
}

void ProcessFamily::add(int pid, UniqueFd pidfd, const ProcessStat& stat) {
  if (pid == attached_.process.pid && !attached_.died_after) attached_processes_->add(pid, this);
  Member& member = members_[pid];
  member.stat = stat;
  if (!pidfd) return;
  member.pidfd.emplace(io_, std::move(pidfd), [this, pid] { on_exit_(pid); });
  member.pidfd->start();
}

// The number of a process that has died may be another's by now. A pidfd of a living one
// contradicts a hello that is older than it.
void ProcessFamily::add_attached(UniqueFd pidfd) {
  const int pid = attached_.process.pid;
  const bool is_age_known = start_ticks_ != 0;  // /proc may hide it
  if (!attached_.died_after && !pidfd) {
    pidfd = open_pidfd(pid);
    if (!pidfd && errno != ESRCH) return;
    if (!pidfd || (is_age_known && !is_still(pid, start_ticks_)))
      attached_.died_after = start_ticks_;
  }
  if (attached_.died_after && pidfd && !has_exited(pidfd.get())) pidfd.reset();
  ProcessStat stat;
  stat.ppid = attached_.process.ppid;
  stat.start_ticks = start_ticks_;
  if (!attached_.died_after) stat = read_process_stat(pid).value_or(stat);
  add(pid, std::move(pidfd), stat);
}

int ProcessFamily::own_pid_of(int pid) const {
  if (pid == attached_.process.pid) return attached_.own_pid;
  const auto own = std::ranges::find(translated_, pid, &std::pair<const int, int>::second);
  return own == translated_.end() ? pid : own->first;
}

// The process was forked from the attached one, whose executable and command it shares, or is that
// one.
ProcessFamily::End ProcessFamily::end_of(int pid) const {
  const Member& member = members_.at(pid);
  End end{own_pid_of(pid), attached_.process,
          member.pidfd ? wait_status_of_dead(pid, member.pidfd->get(), member.stat.start_ticks)
                       : std::nullopt,
          seconds_since(member.stat.start_ticks)};
  end.process.pid = pid;
  end.process.ppid = member.stat.ppid;
  if (!member.stat.name.empty()) end.process.name = member.stat.name;
  refresh(end.process, member.stat.start_ticks);
  return end;
}

// Uses only the translations known so far.
std::optional<int> ProcessFamily::our_pid(int own_pid) const {
  if (own_pid == attached_.own_pid) return attached_.process.pid;
  if (const auto child = translated_.find(own_pid); child != translated_.end()) {
    return child->second;
  }
  if (attached_.own_pid != attached_.process.pid) return std::nullopt;
  return own_pid;
}

// A number that does not belong to the family as it is may do so after translation. Translations
// are looked up again, because numbers in a namespace are reused.
std::optional<int> ProcessFamily::translate(int own_pid) {
  const auto pid = our_pid(own_pid);
  if (own_pid == attached_.own_pid || (pid && belongs(*pid))) return pid;
  const auto child = find_namespaced_child(attached_.process.pid, own_pid);
  if (!child || !belongs(*child) || translated_.size() >= kMaxMembers) return pid;
  translated_[own_pid] = *child;
  return child;
}

bool ProcessFamily::is_outside_family(int pid) const {
  return pid == ::getpid() || attached_processes_->is_of_another(pid, this);
}

// A child is not older than its parent, and only children of root may run as another user. This
// prevents a forged owner from making the watchdog examine or quote processes that the forger has
// no right to. The exclusion of known processes is needed because ages have the resolution of a
// clock tick, within which a watchdog may start its program.
bool ProcessFamily::belongs(int pid) const {
  if (is_outside_family(pid)) return false;
  const auto stat = read_process_stat(pid);
  const auto identity = effective_identity(pid);
  return stat && identity && stat->start_ticks >= start_ticks_ &&
         (attached_.uid == 0 || identity->uid == attached_.uid);
}

bool ProcessFamily::is_attached_and_dead(int own_pid) const {
  return own_pid == attached_.own_pid && attached_.died_after;
}

std::optional<int> ProcessFamily::living_pid(int own_pid) const {
  const auto pid = our_pid(own_pid);
  return pid && !is_attached_and_dead(own_pid) && belongs(*pid) ? pid : std::nullopt;
}

Process ProcessFamily::describe(int own_pid) const {
  Process process = attached_.process;
  const auto pid = living_pid(own_pid);
  if (own_pid != attached_.own_pid) {
    if (!pid && !knows(own_pid)) process.claimed_pid = own_pid;
    const int its_pid = our_pid(own_pid).value_or(own_pid);
    if (is_outside_family(its_pid)) return process;
    process.pid = its_pid;
    process.ppid = 0;
  }
  auto now = pid ? read_process(*pid) : std::nullopt;
  if (!now) return process;
  if (now->executable.empty()) now->executable = std::move(process.executable);  // a zombie's
  auto shown = shown_command(*pid);
  if (!is_same_executable(now->executable, attached_.process.executable)) {
    now->command = std::move(shown);
    return *now;
  }
  if (!shows(shown, process.command)) now->title = title_of(shown);
  now->command = std::move(process.command);
  return *now;
}

}  // namespace pyfault
