// One life of a worker: its process, from start to death record.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "watchdog/event/event.h"
#include "watchdog/handover/saved_worker.h"
#include "watchdog/ingest/readable_fd.h"
#include "watchdog/program_run.h"
#include "watchdog/service/worker_output.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/child_process.h"
#include "watchdog/supervise/delegated_cgroup.h"
#include "watchdog/supervise/oom_kills.h"

namespace pyfault {

// A death, before it is decided what follows from it.
struct WorkerEnd {
  Process process;
  ExitEvent exit;
  std::optional<LastOutput> output;  // none where it is not captured
};

class WorkerProcess {
 public:
  struct Hooks {
    std::function<void()> on_start;  // its program runs
    std::function<void()> on_end;    // it is dead, and not yet reaped
  };

  // Begins the process, and waits for nobody. `output` is none where it has our streams, `cgroup`
  // where it shares ours. Throws StartError, std::system_error: then there is no process.
  WorkerProcess(boost::asio::io_context& io, SpawnPlan plan, std::unique_ptr<WorkerOutput> output,
                std::optional<WorkerCgroup> cgroup, Hooks hooks);

  // Goes on with a process that a watchdog before us has started. Without a pidfd it is known by
  // its number and age. Throws std::system_error.
  WorkerProcess(boost::asio::io_context& io, SavedLife memory, UniqueFd pidfd,
                std::unique_ptr<WorkerOutput> output, std::optional<WorkerCgroup> cgroup,
                std::function<void()> on_end);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Of one that is dead: how its start went is known then. on_start may be called.
  void finish_launch();

  // Why its program could not be executed; then it ends without having run.
  const std::optional<StartError>& start_failure() const { return failure_; }
  const ProgramFile& program_file() const { return child_.program().file; }

  int pid() const { return child_.pid(); }
  int pidfd() const { return child_.pidfd(); }

  // What its descendants may be found by: its number, or -1 when another process has that by now,
  // as it may of one that is not our child.
  int root_of_tree() const;
  const WorkerOutput* output() const { return output_.get(); }

  // The output is told only when nobody reads on: it would be out of date.
  SavedLife memory(bool with_output) const;
  double uptime_seconds() const;
  void send(int signal) const;

  // It and all that it has started, where it has a cgroup of its own.
  void kill_cgroup() const;

  void limit_output(const OutputLimit& limit) {
    if (output_) output_->set_limit(limit);
  }

  // What it has said of itself up to now.
  void drain_output();
  // Likewise, for the last time here: a watchdog after us goes on with it.
  void leave_output();
  std::optional<LastOutput> last_output();

  // Remembers what its end may be owed to.
  void note(const Event& event);

  // An agent in that process has attached.
  void note_attached(const Process& process) { run_.refresh(process); }
  std::optional<bool> is_watched() const { return run_.is_watched(); }
  const std::optional<Unwatched>& unwatched() const { return run_.unwatched(); }

  Event start_event() const { return run_.start_event(); }

  // An OOM kill up to now was that of another worker, where they share a cgroup.
  void reset_oom_baseline();

  // To be called last, of a dead process: waits for it and says how it ended.
  WorkerEnd end();

 private:
  using Clock = std::chrono::steady_clock;

  struct KnownCrash {
    std::string id;
    std::string fingerprint;
  };

  void hear_launch();
  Process describe() const;

  std::optional<WorkerCgroup> cgroup_;
  std::optional<MemoryCgroup> own_memory_;  // its alone
  OomKills oom_kills_;                      // before the process: no kill may come before the count
  Clock::time_point started_ = Clock::now();
  std::uint64_t start_ticks_ = 0;
  std::unique_ptr<WorkerOutput> output_;
  SpawnPlan plan_{};
  ChildProcess child_;
  ReadableFd on_end_;
  std::function<void()> on_start_;
  std::optional<ReadableFd> launching_;
  std::optional<StartError> failure_;
  ProgramRun run_;
  std::optional<KnownCrash> crash_;
};

}  // namespace pyfault
