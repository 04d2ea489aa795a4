// Runs the lifecycle of one worker: moves through its table (lifecycle.h), asks the restart policy
// about each end that was not asked for, and has the actions carried out. No I/O of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "watchdog/policy/lifecycle.h"
#include "watchdog/policy/restart_policy.h"
#include "watchdog/policy/stop_sequence.h"

namespace pyfault {

// Carries out what the lifecycle decides. A call may synchronously feed the lifecycle with its
// outcome, a start that fails for example.
class WorkerEffects {
 public:
  virtual void spawn() = 0;

  // The steps of a stop. The worker may have no process any more; then they do nothing.
  virtual void ask_to_stop() = 0;
  virtual bool ask_for_dumps() = 0;  // returns whether any is awaited (on_dumps_done())
  virtual void kill() = 0;

  // There is one timer: setting it replaces the event that it was set for.
  virtual void set_timer(std::chrono::milliseconds delay, WorkerEvent event) = 0;
  virtual void cancel_timer() = 0;

  virtual void report_ready() = 0;
  virtual void report_recovered() = 0;  // from a crash loop
  virtual void report_restart(std::uint64_t restarts) = 0;
  virtual void report_exit(const RestartDecision& next) = 0;

  virtual void on_state_change() = 0;

 protected:
  ~WorkerEffects() = default;
};

// What another watchdog needs to continue a lifecycle.
struct SavedLifecycle {
  WorkerState state = WorkerState::kStopped;
  std::uint64_t restarts = 0;
  bool begun = false;  // false: it waits for workers of a lower start order
  bool held = false;   // kept down by an operator
  SavedRestarts policy{};

  bool operator==(const SavedLifecycle&) const = default;
};

class WorkerLifecycle {
 public:
  // `effects` must outlive the lifecycle, and is not called by the constructor.
  WorkerLifecycle(WorkerEffects& effects, const RestartSettings& restart,
                  std::chrono::milliseconds stop_timeout, SavedLifecycle saved = {});

  // The end of a process is told by on_death() and on_end() instead.
  void handle(WorkerEvent event);

  // The process is dead, or could not be started.
  void on_death() { handle(WorkerEvent::kDied); }

  // What the dead process left behind is gone as well. Reports the exit, and decides what follows.
  // `chance` is a random number in [-1, 1].
  void on_end(const Death& death, double chance);

  // All dumps that a stop has asked for have arrived.
  void on_dumps_done();

  // Starts the worker in its turn, unless an operator holds it.
  void begin();
  bool has_begun() const { return saved_.begun; }

  // Records whether an operator keeps the worker down. Returns whether that is a change.
  bool hold(bool held) { return std::exchange(saved_.held, held) != held; }
  bool is_held() const { return saved_.held; }

  // Takes over from another watchdog. A stop that was under way starts over; another time limit is
  // the caller's to set.
  void resume();

  // Leaves the next start to another watchdog. The worker must have no process.
  void begin_again_later();

  // New settings of a running worker. A changed restart policy starts afresh, but a worker that is
  // up has been ready.
  void reconfigure(const RestartSettings& restart, std::chrono::milliseconds stop_timeout);

  WorkerState state() const { return saved_.state; }
  std::uint64_t restarts() const { return saved_.restarts; }

  // For a successor with other settings.
  void inherit_restarts(std::uint64_t restarts) { saved_.restarts = restarts; }

  // From the death that began it until the worker has been healthy for long enough, or an operator
  // has started it.
  bool in_crash_loop() const { return policy_.in_crash_loop(); }
  SavedLifecycle saved() const;

 private:
  void perform(WorkerAction action);
  void spawn_again();
  void continue_stop();

  WorkerEffects& effects_;
  RestartSettings settings_;
  std::chrono::milliseconds stop_timeout_;
  SavedLifecycle saved_;  // but for the policy's part, which policy_ has
  RestartPolicy policy_;
  StopSequence stop_;
  std::chrono::milliseconds retry_delay_{0};
};

}  // namespace pyfault
