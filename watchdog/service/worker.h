// A worker of the service: carries out what its lifecycle decides
// (watchdog/policy/worker_lifecycle.h), with a process, a server for the agents in it, and a place
// where the next watchdog finds it all.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "watchdog/config/config.h"
#include "watchdog/control/worker_history.h"
#include "watchdog/event/event_sink.h"
#include "watchdog/ingest/attach_server.h"
#include "watchdog/loop/deferred.h"
#include "watchdog/loop/timer.h"
#include "watchdog/os/ledger.h"
#include "watchdog/policy/crash_deduplicator.h"
#include "watchdog/policy/worker_lifecycle.h"
#include "watchdog/service/dying_processes.h"
#include "watchdog/service/notify_socket.h"
#include "watchdog/service/process_tree.h"
#include "watchdog/service/run_as_lookups.h"
#include "watchdog/service/taint_watch.h"
#include "watchdog/service/worker_crashes.h"
#include "watchdog/service/worker_process.h"
#include "watchdog/service/worker_program.h"
#include "watchdog/service/worker_snapshot.h"
#include "watchdog/service/worker_store.h"
#include "watchdog/start_error.h"

namespace pyfault {

// What workers need from the service. None of the callbacks may block.
struct WorkerHost {
  boost::asio::io_context& io;
  WorkerSurroundings surroundings;
  EventSink& events;
  WorkerCrashes& crashes;
  WorkerOutput::Write write_output;
  std::function<void()> on_change;  // a worker's state changed; must not destroy it synchronously
  std::function<void()> on_oom_kill;
  RunAsLookups& lookups;
  SystemdNotifier& manager;
  Ledger& ledger;
  LineFormat output_format = &line_for_file;
  OutputLimit output_limit{};    // for workers without a limit of their own
  std::size_t max_sessions = 0;  // kept for the next watchdog, for each worker
  std::shared_ptr<AttachedProcesses> attached = std::make_shared<AttachedProcesses>();
  std::shared_ptr<UnwatchedSearch> search = std::make_shared<UnwatchedSearch>(io);
  // The directory for minidumps, as configured now; empty: none are wanted.
  std::shared_ptr<std::string> minidumps = std::make_shared<std::string>();
  std::shared_ptr<DebugDownloads> downloads =
      std::make_shared<DebugDownloads>(debug_download_directory());
};

class Worker final : private EventSink, private WorkerEffects {
 public:
  // Starts no process. With `inherited` it takes over a worker of the previous watchdog, which
  // resume() continues. `host` must outlive the worker. Throws std::system_error, and
  // std::runtime_error if what was inherited cannot be used.
  Worker(WorkerHost& host, WorkerConfig config, std::optional<InheritedWorker> inherited = {});
  void resume();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts the worker in its turn, unless an operator holds it.
  void begin() { lifecycle_.begin(); }
  bool has_begun() const { return lifecycle_.has_begun(); }

  // kStart, kStop or kRestart, by an operator or the supervisor.
  void handle(WorkerEvent event) { lifecycle_.handle(event); }

  // Records whether an operator keeps the worker down. This is handed to the next watchdog.
  void hold(bool held);
  bool is_held() const { return lifecycle_.is_held(); }

  // Takes the next step of a stop under way immediately. Does nothing otherwise.
  void escalate_stop();

  // Hands the worker to the next watchdog. Must be the last call.
  void leave();

  // Another worker was OOM-killed in the shared cgroup: that kill must not be attributed to this
  // worker.
  void reset_oom_baseline();

  // Applies settings that need no restart.
  void reconfigure(const WorkerConfig& config);

  // Handles the death of `pid` if that is the worker's process. Returns false otherwise.
  bool on_child_death(int pid);

  const WorkerConfig& config() const { return config_; }
  const WorkerHistory& history() const { return history_; }
  WorkerState state() const { return lifecycle_.state(); }
  WorkerSnapshot snapshot() const;

  // Takes the history of the worker that it replaces.
  void inherit(WorkerHistory history, std::uint64_t restarts) {
    history_ = std::move(history);
    lifecycle_.inherit_restarts(restarts);
  }

  // The exit code of the last process; 128 + N after signal N, as shells report it.
  int exit_code() const { return exit_code_; }

  // Its own process and those below it; empty when it has no process.
  std::vector<int> processes() const;
  // Asks `pid` for the stacks of its threads, which arrive as an event. Returns false if no agent
  // of this worker is armed in that process, or it could not be signalled.
  bool ask_for_stacks(int pid) const;

 private:
  using Clock = std::chrono::steady_clock;

  // An event of a process of this worker.
  void on_event(Event event) override;
  bool complete(Event& event, ExitEvent& exit) const;
  void complete(Event& event, Crash& crash);

  void spawn() override;
  void ask_to_stop() override;
  bool ask_for_dumps() override;
  void kill() override;
  void set_timer(std::chrono::milliseconds delay, WorkerEvent event) override;
  void cancel_timer() override;
  void report_ready() override;
  void report_recovered() override;
  void report_restart(std::uint64_t restarts) override;
  void report_exit(const RestartDecision& next) override;
  void on_state_change() override;

  AttachLimits attach_limits() const;
  void on_attach(const Process& process);
  void look_up_run_as();
  void give_up_lookup();
  void spawn_as(RunAs run_as);
  WorkerOutput::Terms output_terms() const;
  std::unique_ptr<WorkerOutput> new_output() const;
  void on_start();
  void fail_to_start(const StartError& failure);
  WorkerEnd end_of_start(const StartError& failure) const;
  void await_ready();
  void limit_start();
  void on_notification(const Notification& notification);
  void on_dump(int pid);

  void on_death();
  void collect_end();
  void await_those_left(std::vector<UniqueFd> left);
  void report_those_that_live_on(const std::vector<int>& pids);
  void finish_end();
  void watch_taint(int pid);
  void watch_all_taint();
  bool replace_tainted(bool is_idle);
  void report_crash_loop(const RestartDecision& next);
  void kill_all_below();
  WorkerTree tree() const;

  // `realtime_ns`: when it happened; 0: now.
  void report(EventBody body, std::optional<LastOutput> output = std::nullopt,
              std::int64_t realtime_ns = 0);
  void tell(Event event);

  // What is kept for the next watchdog, and taken over from the one before (worker_handover.cc).
  void keep_listeners();
  void keep_sessions();
  void drop_dead_sessions();
  void take_over(InheritedWorker& inherited);
  void adopt_process(InheritedWorker& inherited);
  std::unique_ptr<WorkerOutput> adopt_output(InheritedWorker& inherited) const;
  void resume_timer();
  void keep_process();
  void drop_process();
  // `is_last`: when this watchdog leaves; then what takes time to collect is saved as well.
  SavedWorker saved(bool is_last) const;
  void save(bool is_last = false);
  void save_soon();

  WorkerHost& host_;
  WorkerConfig config_;
  WorkerLifecycle lifecycle_;
  CrashDeduplicator crashes_;
  WorkerHistory history_;
  const std::shared_ptr<RecentCrashes> recent_;
  std::set<int> awaited_dumps_;   // processes whose dump a stop awaits
  std::optional<WorkerEnd> end_;  // of the last process
  int exit_code_ = 0;
  Process last_process_;  // the current one, or the last one, as last seen
  Timer timer_{host_.io};
  std::optional<Clock::time_point> timer_at_;
  WorkerStore store_;
  Deferred saving_{host_.io, [this] { save(); }};
  Deferred watching_taint_{host_.io, [this] { watch_all_taint(); }};
  std::shared_ptr<const int> lookup_;     // held while the look-up of a user or group is awaited
  std::unique_ptr<NotifySocket> notify_;  // only with ready = notify
  std::unique_ptr<WorkerProcess> process_;
  std::vector<UniqueFd> killed_;  // pidfds of processes below the worker
  TaintWatch taint_{host_.io, [this](bool is_idle) { return replace_tainted(is_idle); }};
  std::unique_ptr<DyingProcesses> dying_;  // what the last process left; its end is handled later
  AttachServer server_;                    // last: it may deliver events during construction
};

}  // namespace pyfault
