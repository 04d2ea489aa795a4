// A worker: what is done for it at each step of its lifecycle (watchdog/policy/lifecycle.h).
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
#include "watchdog/service/account_lookups.h"
#include "watchdog/service/dying_processes.h"
#include "watchdog/service/notify_socket.h"
#include "watchdog/service/process_tree.h"
#include "watchdog/service/worker_process.h"
#include "watchdog/service/worker_program.h"
#include "watchdog/service/worker_store.h"
#include "watchdog/start_error.h"

namespace pyfault {

// What workers need of the service. None of these may wait.
struct WorkerHost {
  boost::asio::io_context& io;
  WorkerSurroundings surroundings;
  std::function<void(Event)> report;
  WorkerOutput::Write write_output;
  std::function<void()> on_change;  // of any worker's state; must not destroy it at once
  std::function<void()> on_oom_kill;
  AccountLookups& lookups;
  ServiceManager& manager;
  Ledger& ledger;
  LineFormat output_format = &line_for_file;
  OutputLimit output_limit{};     // of a worker that has none of its own
  std::size_t most_sessions = 0;  // of one worker, that are kept for the watchdog after us
  std::shared_ptr<AttachedProcesses> attached = std::make_shared<AttachedProcesses>();
};

// Who of a worker is watched.
struct WorkerWatch {
  std::optional<bool> own;       // its own process; none: it has none, or that is not known yet
  std::optional<Unwatched> why;  // it is not
  std::size_t processes = 0;     // all that are, its own included
};

class Worker {
 public:
  // Runs nothing yet. `host` outlives it. Throws std::system_error.
  Worker(WorkerHost& host, WorkerConfig config);

  // Goes on where a watchdog before us has been, from resume() on. Throws std::runtime_error when
  // what is kept is of no use.
  Worker(WorkerHost& host, InheritedWorker kept);
  void resume();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void handle(WorkerEvent event);

  // The last act: all that it has goes on, for a watchdog after us.
  void leave();

  // The next step of a stop under way, at once.
  void escalate_stop();

  // Another worker was OOM-killed, in the cgroup that all share: that kill is explained.
  void reset_oom_baseline();

  // Takes settings that need no restart.
  void reconfigure(const WorkerConfig& config);

  // When `pid` is its process: takes note of its death. False otherwise.
  bool note_death(int pid);

  const WorkerConfig& config() const { return config_; }
  WorkerState state() const { return state_; }
  int pid() const { return life_ ? life_->pid() : 0; }  // 0: it has no process
  double uptime_seconds() const { return life_ ? life_->uptime_seconds() : 0; }
  std::uint64_t restarts() const { return restarts_; }
  WorkerWatch watch() const;
  const WorkerHistory& history() const { return history_; }
  // Of the worker whose place it takes.
  void inherit(WorkerHistory history) { history_ = std::move(history); }
  // In backoff and crash loop: until it is started again.
  std::optional<double> retry_in_seconds() const;

  // Its own process and those below it; none when it has none.
  std::vector<int> processes() const;
  // Whether the process was asked: it is one of these, and an agent is armed in it. The answer is
  // an event.
  bool ask_for_stacks(int pid) const;

  // Its turn to be started has come; it stays down where an operator holds it.
  void begin();
  bool has_begun() const { return begun_; }

  // Whether an operator has it down. The next watchdog is told.
  void hold(bool held);
  bool is_held() const { return held_; }

  // 128 + its number for a signal, as shells have it; of the last life.
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
  void spawn_as(Account account);
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
  std::vector<UniqueFd> kill_all_below();
  void ask_for_dumps();
  void note_dump(int pid);
  void report(decltype(Event::body) body, std::optional<LastOutput> output = std::nullopt);
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
  WorkerState ended_in_ = WorkerState::kStopped;  // the state that the last end met
  std::set<int> asked_for_dumps_;                 // processes, during a stop
  std::optional<RestartDecision> decision_;       // about the last end; none if it was asked for
  std::optional<WorkerEnd> last_end_;
  std::uint64_t restarts_ = 0;
  WorkerHistory history_;
  int exit_code_ = 0;
  bool begun_ = false;
  bool held_ = false;
  Process process_;  // of the present life, or of the last
  Timer timer_{host_.io};
  std::optional<Clock::time_point> timer_at_;
  WorkerStore store_;
  Deferred saving_{host_.io, [this] { save(); }};
  std::shared_ptr<const int> lookup_;     // while its user is looked up: who waits for that
  std::unique_ptr<NotifySocket> notify_;  // only where it is to say itself that it is ready
  std::unique_ptr<WorkerProcess> life_;
  std::unique_ptr<DyingProcesses> dying_;  // what the last life left, before its end is handled
  AttachServer server_;                    // last: it has events to tell as soon as it is made
};

}  // namespace pyfault
