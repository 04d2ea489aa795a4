#include "watchdog/service/process_tree.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "shared/handshake.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/os/pidfd.h"
#include "watchdog/os/timed_read.h"

namespace pyfault {
namespace {

// Bounds the walk up the tree: reused PIDs may form a loop, and deeper trees are not expected.
constexpr int kMaxGenerations = 256;
// Bounds the rounds of killing, for a tree that forks faster than it can be killed.
constexpr int kMaxRounds = 100;
constexpr std::size_t kMaxEnvironment = std::size_t{1} << 20;

using Processes = std::map<int, ProcessStat>;

bool is_alive(const ProcessStat& process) {
  return process.state != 'Z' && process.state != 'X';
}

Processes all_processes() {
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  Processes all;
  while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    int pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{}) continue;
    if (auto stat = read_process_stat(pid)) all.emplace(pid, std::move(*stat));
  }
  return all;
}

bool has_socket(int pid, const std::string& socket) {
  const auto environment =
      read_with_timeout(fmt::format("/proc/{}/environ", pid), kMaxEnvironment).value_or("");
  const std::string entry = std::string(kSocketVariable) + "=" + socket;
  return ('\0' + environment).find('\0' + entry + '\0') != std::string::npos;
}

bool is_orphan(const ProcessStat& process) {
  return process.ppid == ::getpid() || process.ppid == ::getppid();
}

// Whether the process belongs to the worker by its own properties, regardless of its ancestors.
bool is_root(int pid, const ProcessStat& process, const WorkerTree& tree) {
  if (process.ppid == tree.pid || process.session == tree.pid) return true;
  return is_orphan(process) &&
         ((tree.is_watched && tree.is_watched(pid)) || has_socket(pid, tree.socket));
}

std::set<int> members(const Processes& all, const WorkerTree& tree) {
  std::set<int> found;
  for (const auto& [pid, process] : all) {
    if (pid != tree.pid && is_root(pid, process, tree)) found.insert(pid);
  }
  for (std::size_t before = 0; before != found.size();) {
    before = found.size();
    for (const auto& [pid, process] : all) {
      if (pid != tree.pid && found.contains(process.ppid)) found.insert(pid);
    }
  }
  return found;
}

// Kills the process and returns its pidfd; returns none if the PID has been reused.
UniqueFd kill_process(int pid, const ProcessStat& process) {
  UniqueFd pidfd = open_pidfd(pid);
  if (!pidfd || !is_still(pid, process.start_ticks)) return {};
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
  return pidfd;
}

}  // namespace

std::vector<Ancestor> parents_of(int pid, int top) {
  std::vector<Ancestor> parents;
  const int us = ::getpid();
  auto process = read_process_stat(pid);
  for (int generation = 0; process && pid != top && generation < kMaxGenerations; ++generation) {
    pid = process->ppid;
    if (pid == us || pid <= 1) break;
    process = read_process_stat(pid);
    if (process) parents.push_back({pid, process->name});
  }
  return parents;
}

std::vector<Ancestor> parents_from(int parent, int top) {
  const auto stat = parent > 1 && parent != ::getpid() ? read_process_stat(parent) : std::nullopt;
  if (!stat) return {};
  std::vector<Ancestor> parents = parents_of(parent, top);
  parents.insert(parents.begin(), {parent, stat->name});
  return parents;
}

std::vector<int> below(const WorkerTree& tree) {
  const Processes all = all_processes();
  std::vector<int> living;
  for (const int pid : members(all, tree)) {
    if (is_alive(all.at(pid))) living.push_back(pid);
  }
  return living;
}

bool is_part_of(const WorkerTree& tree, int pid, uid_t uid) {
  const auto worker = effective_identity(tree.pid);
  const bool is_trusted = uid == 0 || uid == ::geteuid() || (worker && worker->uid == uid);
  for (int generation = 0; pid > 1 && generation < kMaxGenerations; ++generation) {
    if (pid == tree.pid) return true;
    const auto process = read_process_stat(pid);
    if (!process || pid == ::getpid()) return false;
    if (process->session == tree.pid) return true;
    if (is_orphan(*process)) return is_trusted && is_root(pid, *process, tree);
    pid = process->ppid;
  }
  return false;
}

std::vector<UniqueFd> kill_below(const WorkerTree& tree) {
  std::vector<UniqueFd> dying;
  std::set<int> killed;
  for (int round = 0; round < kMaxRounds; ++round) {
    const Processes all = all_processes();
    const std::size_t before = killed.size();
    for (const int pid : members(all, tree)) {
      const ProcessStat& process = all.at(pid);
      if (!is_alive(process) || !killed.insert(pid).second) continue;
      UniqueFd pidfd = kill_process(pid, process);
      if (pidfd && dying.size() < kMaxAwaited) dying.push_back(std::move(pidfd));
    }
    if (killed.size() == before) break;
  }
  return dying;
}

}  // namespace pyfault
