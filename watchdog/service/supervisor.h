// Supervises all workers of the service: the order in which they start and stop, what a new
// configuration changes, and what happens when an essential worker is lost.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "watchdog/config/config.h"
#include "watchdog/loop/deferred.h"
#include "watchdog/service/worker.h"

namespace pyfault {

class Supervisor {
 public:
  struct Hooks {
    WorkerOutput::Write write_output;
    std::function<void()> on_settled;  // a change of worker state has been processed
    std::function<void()> on_stopped;  // all workers are down: after stop() or an essential loss
  };

  // Makes this process the subreaper of its descendants. `events` and `crashes` must outlive it.
  // Captured output is written in `output_format`; `output_limit` applies to workers without a
  // limit of their own. Throws std::system_error.
  Supervisor(boost::asio::io_context& io, WorkerSurroundings surroundings, SystemdNotifier& manager,
             Ledger& ledger, EventSink& events, WorkerCrashes& crashes, Hooks hooks,
             LineFormat output_format = &line_for_file, const OutputLimit& output_limit = {});
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Takes over the workers of the previous watchdog; to be called before apply(). What cannot be
  // used is reported, and its processes are killed.
  void adopt(std::vector<NamedFd> descriptors);

  // Hands all workers, still running, to the next watchdog. Must be the last call.
  void leave();

  // Kills the processes of earlier watchdogs that were not adopted. They are known by their cgroup,
  // so this does nothing without a delegated one. To be called once, after adopt().
  void end_strays();

  // Starts new workers, stops removed ones, restarts changed ones, and leaves the others alone.
  // Workers of a lower start order are up (or have failed) before the next ones start.
  void apply(const Config& config);

  // Stops all workers in reverse start order. A second call escalates the stops under way.
  void stop();

  // Carries out an operator's command (kStart, kStop or kRestart), regardless of start order. A
  // worker that was stopped this way stays down until an operator starts it again, even if its
  // settings change. Does nothing if there is no such worker, or while all are being stopped.
  void command(const std::string& name, WorkerEvent event);

  // All workers but those that a new configuration has removed, by start order, then in the order
  // of the file.
  std::vector<WorkerSnapshot> snapshots() const;

  // Asks a process, or all processes of these workers, for the stacks of their threads, which
  // arrive as events. Returns the processes that were asked, with the names of their workers.
  std::map<int, std::string> ask_for_stacks(int pid) const;
  std::map<int, std::string> ask_for_stacks(const std::vector<std::string>& workers) const;

  // Shared with other attach servers of this watchdog.
  std::shared_ptr<AttachedProcesses> attached() const { return host_.attached; }

  bool is_stopping() const { return stopping_; }

  // To be called on SIGCHLD. Reaps orphaned descendants: the watchdog is their subreaper.
  void reap_children();

  // 0, or the exit code of the essential worker whose loss ended the service (1 where that is
  // kExitOwnError).
  int exit_code() const { return exit_code_; }

 private:
  struct Entry {
    std::unique_ptr<Worker> worker;
    bool leaving = false;
    std::unique_ptr<WorkerConfig> successor{};  // the same worker with other settings

    int start_order() const { return (successor ? *successor : worker->config()).start_order; }
  };

  void adopt(InheritedWorker inherited);
  void refuse(const InheritedDescriptors::Refused& refused);
  bool has(const std::string& name) const;
  void dismiss(Entry& entry);
  void change(Entry& entry, const WorkerConfig& config);
  void settle();
  void replace_those_that_are_down();
  void look_for_lost_essentials();
  void start_next();
  void stop_next();
  void reset_oom_baselines();
  void reap(int pid);

  Hooks hooks_;
  RunAsLookups lookups_;
  WorkerHost host_;
  // Deferred, because settling may destroy the worker that requests it.
  Deferred settling_{host_.io, [this] { settle(); }};
  std::vector<Entry> entries_;  // in the order of snapshots()
  bool stopping_ = false;
  bool told_to_stop_ = false;  // not only by the loss of an essential worker
  int exit_code_ = 0;
};

}  // namespace pyfault
