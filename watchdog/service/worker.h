// A worker: carries out the actions of its lifecycle (watchdog/policy/lifecycle.h).
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
#include "watchdog/event/event.h"
#include "watchdog/ingest/attach_server.h"
#include "watchdog/ingest/deferred.h"
#include "watchdog/ingest/timer.h"
#include "watchdog/os/ledger.h"
#include "watchdog/policy/crash_deduplicator.h"
#include "watchdog/policy/lifecycle.h"
#include "watchdog/policy/restart_policy.h"
#include "watchdog/policy/stop_sequence.h"
#include "watchdog/service/dying_processes.h"
#include "watchdog/service/notify_socket.h"
#include "watchdog/service/process_tree.h"
#include "watchdog/service/run_as_lookups.h"
#include "watchdog/service/worker_process.h"
#include "watchdog/service/worker_program.h"
#include "watchdog/service/worker_store.h"
#include "watchdog/start_error.h"

namespace pyfault {

// What workers need from the service. None of the callbacks may block.
struct WorkerHost {
  boost::asio::io_context& io;
  WorkerSurroundings surroundings;
  std::function<void(Event)> report;
  WorkerOutput::Write write_output;
  std::function<void()> on_change;  // a worker's state changed; must not destroy it synchronously
  std::function<void()> on_oom_kill;
  RunAsLookups& lookups;
  SystemdNotifier& manager;
  Ledger& ledger;
  LineFormat output_format = &line_for_file;
  OutputLimit output_limit{};     // for workers without a limit of their own
  std::size_t most_sessions = 0;  // kept for the next watchdog, for each worker
  std::shared_ptr<AttachedProcesses> attached = std::make_shared<AttachedProcesses>();
};

// Which processes of a worker are watched.
struct WorkerWatch {
  std::optional<bool> own;       // its own process; none: there is no process, or not known yet
  std::optional<Unwatched> why;  // why its own process is not watched
  std::size_t processes = 0;     // watched processes, including its own
};

class Worker {
 public:
  // Does not start a process. `host` must outlive the worker. Throws std::system_error.
  Worker(WorkerHost& host, WorkerConfig config);

  // Takes over a worker of the previous watchdog; resume() continues its lifecycle. Throws
  // std::runtime_error when the kept state is unusable.
  Worker(WorkerHost& host, InheritedWorker kept);
  void resume();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void handle(WorkerEvent event);

  // Hands the worker to the next watchdog. Must be the last call.
  void leave();

  // Takes the next step of a stop under way immediately. Does nothing otherwise.
  void escalate_stop();

  // Another worker was OOM-killed in the shared cgroup: that kill must not be attributed to this
  // worker.
  void reset_oom_baseline();

  // Applies settings that need no restart.
  void reconfigure(const WorkerConfig& config);

  // Handles the death of `pid` if that is the worker's process. Returns false otherwise.
  bool note_death(int pid);

  const WorkerConfig& config() const { return config_; }
  WorkerState state() const { return state_; }
  int pid() const { return life_ ? life_->pid() : 0; }  // 0: there is no process
  double uptime_seconds() const { return life_ ? life_->uptime_seconds() : 0; }
  std::uint64_t restarts() const { return restarts_; }
  WorkerWatch watch() const;
  const WorkerHistory& history() const { return history_; }
  // Takes the history of the worker that it replaces.
  void inherit(WorkerHistory history) { history_ = std::move(history); }
  // The time until the next start attempt; none outside backoff and crash loop.
  std::optional<double> retry_in_seconds() const;

  // Its own process and those below it; empty when it has no process.
  std::vector<int> processes() const;
  // Asks `pid` for the stacks of its threads, which arrive as an event. Returns false if no agent
  // of this worker is armed in that process, or it could not be signalled.
  bool ask_for_stacks(int pid) const;

  // Starts the worker in its turn, unless an operator holds it.
  void begin();
  bool has_begun() const { return begun_; }

  // Records whether an operator keeps the worker down. This is handed to the next watchdog.
  void hold(bool held);
  bool is_held() const { return held_; }

  // The exit code of the last life; 128 + N after signal N, as shells report it.
  int exit_code() const { return exit_code_; }

 private:
  using Clock = std::chrono::steady_clock;

  AttachLimits attach_limits() const;
  AttachServer::EventHandler event_handler();
  AttachServer::AttachHandler attach_handler();
  std::function<void(const Notification&)> notification_handler();
  void keep_sessions();
  void drop_dead_sessions();
  void adopt_life(InheritedWorker& kept);
  std::unique_ptr<WorkerOutput> adopt_output(InheritedWorker& kept);
  WorkerOutput::Terms output_terms() const;
  void keep_life();
  void drop_life();
  SavedWorker memory(bool with_output) const;
  void save(bool with_output = false);
  void save_soon();
  void resume_timer();
  void perform(WorkerAction action);
  void spawn();
  void spawn_as(RunAs account);
  void look_up_account();
  void give_up_lookup();
  void spawn_again();
  void on_start();
  void fail_to_start(const StartError& failure);
  WorkerEnd end_of_start(const StartError& failure) const;
  void await_ready();
  void set_limit_for_start();
  void on_notification(const Notification& notification);
  void on_event(Event event);
  void add_what_is_known(Event& event, Crash& crash);
  void on_end();
  void collect();
  void await_those_left(std::vector<UniqueFd> left);
  void report_those_that_live_on(const std::vector<int>& pids);
  void finish_end();
  bool was_asked_to_stop() const;
  void decide();
  void report_exit();
  void report_crash_loop(const CrashLoop& loop);
  void continue_stop();
  void kill_all_below();
  void ask_for_dumps();
  void note_dump(int pid);
  // `realtime_ns`: when it happened; 0: now.
  void report(decltype(Event::body) body, std::optional<LastOutput> output = std::nullopt,
              std::int64_t realtime_ns = 0);
  void tell(Event event);
  WorkerTree tree() const;
  void set_timer(std::chrono::milliseconds delay, WorkerEvent event);
  void cancel_timer();

  WorkerHost& host_;
  WorkerConfig config_;
  WorkerState state_ = WorkerState::kStopped;
  RestartPolicy policy_;
  CrashDeduplicator crashes_;
  StopSequence stop_{std::chrono::milliseconds(0)};
  WorkerState ended_in_ = WorkerState::kStopped;  // the state in which the last life ended
  std::set<int> asked_for_dumps_;                 // processes whose dump a stop awaits
  std::optional<RestartDecision> decision_;       // about the last end; none if it was requested
  std::optional<WorkerEnd> last_end_;
  std::uint64_t restarts_ = 0;
  WorkerHistory history_;
  int exit_code_ = 0;
  bool begun_ = false;
  bool held_ = false;
  Process process_;  // of the current life, or of the last one
  Timer timer_{host_.io};
  std::optional<Clock::time_point> timer_at_;
  WorkerStore store_;
  Deferred saving_{host_.io, [this] { save(); }};
  std::shared_ptr<const int> lookup_;     // held while an account look-up is awaited
  std::unique_ptr<NotifySocket> notify_;  // only with ready = notify
  std::unique_ptr<WorkerProcess> life_;
  std::vector<UniqueFd> killed_;           // pidfds of processes below the worker
  std::unique_ptr<DyingProcesses> dying_;  // leftovers of the last life; its end is handled later
  AttachServer server_;                    // last: it may deliver events during construction
};

}  // namespace pyfault
