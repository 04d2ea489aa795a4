// Creates cgroups (v2) below this service's own, if systemd has delegated that to it
// (Delegate=yes): one for each run of a worker. All that the worker starts stays in it, and an OOM
// kill in it is attributed to the worker.
//
//   pyfault-watchdog.service      no process: the kernel wants them in the leaves
//     watchdog                    this process
//     worker-web#1                a worker, and all that it starts
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/os/unique_fd.h"
#include "watchdog/supervise/memory_cgroup.h"

namespace pyfault {

class DelegatedCgroup;

// The cgroup of one run of a worker. It is removed with its owner, once it is empty.
class WorkerCgroup {
 public:
  WorkerCgroup(WorkerCgroup&& other) noexcept;
  WorkerCgroup& operator=(WorkerCgroup&&) = delete;
  ~WorkerCgroup();

  // cgroup.procs, opened for writing: a process that writes "0" to it moves into the cgroup.
  int procs() const { return procs_.get(); }

  // The cgroup in which OOM kills are counted; nullopt if the kernel does not count them here.
  std::optional<MemoryCgroup> memory() const;

  // Kills all processes in it by SIGKILL, without a race with one that forks. No effect before
  // Linux 5.14.
  void kill() const;

 private:
  friend class DelegatedCgroup;
  WorkerCgroup(DelegatedCgroup& home, std::string name, UniqueFd procs);

  DelegatedCgroup* home_;  // null: moved from
  std::string name_;
  UniqueFd procs_;
};

class DelegatedCgroup {
 public:
  // Moves this process into a leaf. Returns null if the cgroup is not delegated to it, or cannot be
  // divided with OOM counts for workers. `root` is prepended to all paths, for tests.
  static std::unique_ptr<DelegatedCgroup> take(const std::string& root = "");

  // Creates a cgroup for a worker with that name. Returns nullopt if the kernel refuses.
  std::optional<WorkerCgroup> make(std::string_view worker);

  // Returns the cgroup that an earlier watchdog created for the worker with process `pid`, or
  // nullopt if that is in no such cgroup.
  std::optional<WorkerCgroup> find(int pid);

  // Kills all processes in those existing worker cgroups that find() has not returned. Returns the
  // names of those that were not empty.
  std::vector<std::string> kill_leftovers();

  // Removes cgroups that could not be removed before because a process in them was still dying.
  void sweep();

 private:
  friend class WorkerCgroup;
  DelegatedCgroup(std::string root, std::string folder, std::string path);

  bool move_aside() const;
  bool lends_memory() const;
  void find_leftovers();
  std::string folder_of(std::string_view leaf) const;
  std::optional<WorkerCgroup> open(std::string leaf);
  void remove(const std::string& leaf);

  std::string root_;
  std::string folder_;
  std::string path_;  // as in /proc/PID/cgroup
  std::set<std::string> leftovers_;
};

}  // namespace pyfault
