// All workers of the service: in which order they start and stop, what a new configuration changes,
// and what happens when an essential one is gone.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "watchdog/config/config.h"
#include "watchdog/ingest/deferred.h"
#include "watchdog/service/worker.h"

namespace pyfault {

class Supervisor {
 public:
  struct Hooks {
    std::function<void(Event)> report;
    WorkerOutput::Write write_output;
    std::function<void()> on_settled;  // a worker's state has changed, and what follows was done
    std::function<void()> on_stopped;  // after stop(), or when an essential worker was lost
  };

  // Makes this process the reaper of its descendants. Throws std::system_error.
  // Captured output becomes `output_format`; `output_limit` is that of workers which have none of
  // their own.
  Supervisor(boost::asio::io_context& io, WorkerSurroundings surroundings, ServiceManager& manager,
             Ledger& ledger, Hooks hooks, LineFormat output_format = &line_for_file,
             const OutputLimit& output_limit = {});
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Before apply(): goes on with the workers that a watchdog before us has left. What is of no use
  // is said, and its processes are ended.
  void adopt(std::vector<NamedFd> descriptors);

  // The last act: leaves all workers as they are to a watchdog after us.
  void leave();

  // To be called once, after adopt(): ends what nobody has adopted, where cgroups tell.
  void end_strays();

  // Starts what is new, stops what is gone, restarts what has changed, and leaves the others alone.
  // Workers of a lower start order are up (or have failed) before the next ones start.
  void apply(const Config& config);

  // Stops all, those that started last first. Once more: without patience.
  void stop();

  // As an operator asks: kStart, kStop or kRestart, regardless of start order. One that was stopped
  // so is down until an operator asks otherwise, whatever becomes of its settings. Nothing happens
  // where there is no such worker, or all are being stopped.
  void command(const std::string& name, WorkerEvent event);

  struct Standing {
    const Worker& worker;
    bool in_transition = false;  // its successor, or its turn to be started, is still to come

    // As operators see it: that of its lifecycle, or "waiting" for its turn.
    std::string_view state() const;
  };
  // Without those that a new configuration has dismissed; in start order, and in that of the file.
  std::vector<Standing> standings() const;
  bool is_stopping() const { return stopping_; }

  // For SIGCHLD: orphans that have ended are ours to bury.
  void reap_children();

  // 0, or that of the essential worker whose end ended the service.
  int exit_code() const { return exit_code_; }

 private:
  struct Entry {
    std::unique_ptr<Worker> worker;
    bool leaving = false;
    std::unique_ptr<WorkerConfig> successor{};  // the same worker with other settings
  };

  void adopt(InheritedWorker kept);
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
  AccountLookups lookups_;
  WorkerHost host_;
  // Not at once: it may destroy the worker that calls.
  Deferred settling_{host_.io, [this] { settle(); }};
  std::vector<Entry> entries_;  // as standings() has them
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace pyfault
