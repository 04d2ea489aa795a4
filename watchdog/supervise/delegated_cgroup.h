// Cgroups (v2) of our own making, where systemd has delegated ours to us (Delegate=yes): one for
// each life of a worker. Nothing that the worker starts can leave it, and what is killed for want
// of memory in it is the worker's.
//
//   pyfault-watchdog.service      no process: the kernel wants them in the leaves
//     watchdog                    us
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

// The cgroup of one life. It is removed at its end, as soon as nobody is left in it.
class WorkerCgroup {
 public:
  WorkerCgroup(WorkerCgroup&& other) noexcept;
  WorkerCgroup& operator=(WorkerCgroup&&) = delete;
  ~WorkerCgroup();

  // Whoever writes "0" there is in it.
  int procs() const { return procs_.get(); }

  // Where OOM kills are counted; none where the kernel counts none here.
  std::optional<MemoryCgroup> memory() const;

  // All that are in it, by SIGKILL, without a gap for one that forks. Linux before 5.14 can't.
  void kill() const;

 private:
  friend class DelegatedCgroup;
  WorkerCgroup(DelegatedCgroup& home, std::string name, UniqueFd procs);

  DelegatedCgroup* home_;  // none: moved from
  std::string name_;
  UniqueFd procs_;
};

class DelegatedCgroup {
 public:
  // Moves this process into a leaf. None where the cgroup is not ours to divide, or can't be
  // divided so that workers keep their OOM counts. `root` stands in front of all paths, for tests.
  static std::unique_ptr<DelegatedCgroup> take(const std::string& root = "");

  // For a worker of that name. None where the kernel won't have another cgroup.
  std::optional<WorkerCgroup> make(std::string_view worker);

  // The one that an earlier watchdog made for the worker whose process `pid` is. None where it is
  // in no such cgroup.
  std::optional<WorkerCgroup> find(int pid);

  // Kills all in the cgroups of workers that find() was not asked for. Returns the names of those
  // where there was somebody.
  std::vector<std::string> kill_leftovers();

  // Removes what could not be removed before, because somebody was still about to die in it.
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
  std::string path_;  // as /proc/PID/cgroup has it
  std::set<std::string> leftovers_;
};

}  // namespace pyfault
