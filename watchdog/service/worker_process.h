// The process of a worker, from launch to reaping.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "watchdog/event/event.h"
#include "watchdog/handover/saved_worker.h"
#include "watchdog/loop/readable_fd.h"
#include "watchdog/process_history.h"
#include "watchdog/service/worker_output.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/child_process.h"
#include "watchdog/supervise/delegated_cgroup.h"
#include "watchdog/supervise/oom_kills.h"

namespace pyfault {

// How a process ended, before the restart decision.
struct WorkerEnd {
  Process process;
  ExitEvent exit;
  std::optional<LastOutput> output;  // none if it is not captured
  std::int64_t realtime_ns = 0;      // when it was noticed; 0: when it is reported
};

class WorkerProcess {
 public:
  struct Hooks {
    std::function<void()> on_start;  // the program runs
    std::function<void()> on_end;    // the process is dead, but not reaped
  };

  // Launches the process without waiting for the exec. Without `output` it inherits our stdout and
  // stderr; without `cgroup` it stays in our cgroup. Throws StartError or std::system_error; then
  // there is no process.
  WorkerProcess(boost::asio::io_context& io, SpawnPlan plan, std::unique_ptr<WorkerOutput> output,
                std::optional<WorkerCgroup> cgroup, Hooks hooks);

  // Takes over a process that the previous watchdog started. Without a usable pidfd it is
  // identified by its PID and start time. Throws std::system_error.
  WorkerProcess(boost::asio::io_context& io, SavedProcess saved, UniqueFd pidfd,
                std::unique_ptr<WorkerOutput> output, std::optional<WorkerCgroup> cgroup,
                std::function<void()> on_end);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Processes the outcome of the launch if it has arrived, as it has once the process is dead. May
  // call on_start.
  void finish_launch();

  // Why the program could not be executed. The process then ends without having run it.
  const std::optional<StartError>& start_failure() const { return failure_; }
  const ProgramFile& program_file() const { return child_.program().file; }

  int pid() const { return child_.pid(); }
  int pidfd() const { return child_.pidfd(); }

  // The PID by which to find its descendants, or -1 if another process has it by now, which is
  // possible when the process is not our child.
  int root_of_tree() const;
  const WorkerOutput* output() const { return output_.get(); }

  // The state to hand over. `with_output` includes the buffered output, which is accurate only if
  // this watchdog reads no more of it.
  SavedProcess saved(bool with_output) const;
  double uptime_seconds() const;
  void send(int signal) const;

  // Kills the process and everything in its cgroup, if it has a cgroup of its own.
  void kill_cgroup() const;

  void limit_output(const OutputLimit& limit) {
    if (output_) output_->set_limit(limit);
  }

  // Reads the output written so far.
  void drain_output();
  // Reads the output for the last time in this watchdog and reports the lines left out; the next
  // watchdog continues with it.
  void leave_output();
  std::optional<LastOutput> last_output();

  // Records an event that may explain the end of the process.
  void on_event(const Event& event) { history_.on_event(event); }

  void on_last_context(int pid, const Context& context) { history_.on_last_context(pid, context); }

  // To be called when an agent has attached in `process`.
  void on_attach(const Process& process) { history_.on_attach(process); }
  std::optional<bool> is_watched() const { return history_.is_watched(); }
  const std::optional<Unwatched>& unwatched() const { return history_.unwatched(); }

  Event start_event() const { return history_.start_event(); }

  // In a shared cgroup, attributes all OOM kills up to now to other workers.
  void reset_oom_baseline();

  // Reaps the dead process and returns how it ended. Must be the last call.
  WorkerEnd end();

 private:
  using Clock = std::chrono::steady_clock;

  void hear_launch();
  Process describe() const;

  std::optional<WorkerCgroup> cgroup_;
  std::optional<MemoryCgroup> own_memory_;  // none if it has no cgroup of its own
  OomKills oom_kills_;                      // before child_: the count must precede any kill
  Clock::time_point started_ = Clock::now();
  std::uint64_t start_ticks_ = 0;
  std::unique_ptr<WorkerOutput> output_;
  SpawnPlan plan_{};
  ChildProcess child_;
  ReadableFd on_end_;
  std::function<void()> on_start_;
  std::optional<ReadableFd> launching_;
  std::optional<StartError> failure_;
  ProcessHistory history_;
};

}  // namespace pyfault
