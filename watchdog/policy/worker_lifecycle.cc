#include "watchdog/policy/worker_lifecycle.h"

namespace pyfault {
namespace {

WorkerEvent verdict(const RestartDecision& decision) {
  switch (decision.action) {
    case RestartDecision::Action::kRestart:
      return decision.in_crash_loop ? WorkerEvent::kRetryInLoop : WorkerEvent::kRetry;
    case RestartDecision::Action::kGiveUp:
      return WorkerEvent::kGiveUp;
    case RestartDecision::Action::kStayDown:
      break;
  }
  return WorkerEvent::kStayDown;
}

// What follows an end that was asked for.
RestartDecision as_asked(WorkerState state) {
  RestartDecision decision;
  if (state == WorkerState::kRestarting) decision.action = RestartDecision::Action::kRestart;
  return decision;
}

}  // namespace

WorkerLifecycle::WorkerLifecycle(WorkerEffects& effects, const RestartSettings& restart,
                                 std::chrono::milliseconds stop_timeout, SavedLifecycle saved)
    : effects_(effects),
      settings_(restart),
      stop_timeout_(stop_timeout),
      saved_(std::move(saved)),
      policy_(restart, std::move(saved_.policy)),
      stop_(stop_timeout) {}

void WorkerLifecycle::handle(WorkerEvent event) {
  const WorkerStep step = next_step(saved_.state, event);
  const bool changed = step.state != saved_.state;
  saved_.state = step.state;
  saved_.begun = true;
  for (const WorkerAction action : step.actions) perform(action);
  if (changed) effects_.on_state_change();
}

void WorkerLifecycle::on_end(const Death& death, double chance) {
  const bool unasked = state() == WorkerState::kDying;
  const RestartDecision next = unasked ? policy_.decide(death, chance) : as_asked(state());
  const WorkerEvent ended = unasked ? verdict(next) : WorkerEvent::kEnded;
  retry_delay_ = next.delay;
  try {
    effects_.report_exit(next);
  } catch (...) {  // the worker goes on, even if its end cannot be reported
    handle(ended);
    throw;
  }
  handle(ended);
}

void WorkerLifecycle::on_dumps_done() {
  if (is_being_stopped(state())) continue_stop();
}

void WorkerLifecycle::begin() {
  saved_.begun = true;
  if (!saved_.held) handle(WorkerEvent::kStart);
}

void WorkerLifecycle::resume() {
  switch (state()) {
    case WorkerState::kStopping:
      saved_.state = WorkerState::kUp;
      return handle(WorkerEvent::kStop);
    case WorkerState::kRestarting:
      saved_.state = WorkerState::kUp;
      return handle(WorkerEvent::kRestart);
    case WorkerState::kAborting:
      saved_.state = WorkerState::kStarting;
      return handle(WorkerEvent::kTimeUp);
    default:
      return;
  }
}

void WorkerLifecycle::begin_again_later() {
  saved_.state = WorkerState::kStopped;
  saved_.begun = false;
}

void WorkerLifecycle::reconfigure(const RestartSettings& restart,
                                  std::chrono::milliseconds stop_timeout) {
  stop_timeout_ = stop_timeout;
  if (std::exchange(settings_, restart) == restart) return;
  policy_ = RestartPolicy(restart);
  if (state() == WorkerState::kUp) policy_.note_ready();
}

SavedLifecycle WorkerLifecycle::saved() const {
  SavedLifecycle saved = saved_;
  saved.policy = policy_.saved();
  return saved;
}

void WorkerLifecycle::perform(WorkerAction action) {
  switch (action) {
    case WorkerAction::kNone:
      return;
    case WorkerAction::kSpawn:
      return effects_.spawn();
    case WorkerAction::kSpawnAgain:
      return spawn_again();
    case WorkerAction::kReportReady:
      policy_.note_ready();
      return effects_.report_ready();
    case WorkerAction::kAwaitHealth:
      return effects_.set_timer(policy_.healthy_after(), WorkerEvent::kHealthy);
    case WorkerAction::kNoteHealthy:
      if (policy_.note_healthy()) effects_.report_recovered();
      return;
    case WorkerAction::kResetPolicy:
      policy_ = RestartPolicy(settings_);
      return;
    case WorkerAction::kBeginStop:
      stop_ = StopSequence(stop_timeout_);
      return continue_stop();
    case WorkerAction::kContinueStop:
      return continue_stop();
    case WorkerAction::kCancelTimer:
      return effects_.cancel_timer();
    case WorkerAction::kAwaitRetry:
      return effects_.set_timer(retry_delay_, WorkerEvent::kTimeUp);
  }
}

void WorkerLifecycle::spawn_again() {
  ++saved_.restarts;
  effects_.report_restart(saved_.restarts);
  effects_.spawn();
}

void WorkerLifecycle::continue_stop() {
  const StopPhase phase = stop_.next();
  effects_.set_timer(phase.limit, WorkerEvent::kTimeUp);
  switch (phase.step) {
    case StopStep::kAsk:
      return effects_.ask_to_stop();
    case StopStep::kDump:
      if (!effects_.ask_for_dumps()) continue_stop();
      return;
    case StopStep::kKill:
      return effects_.kill();
  }
}

}  // namespace pyfault
