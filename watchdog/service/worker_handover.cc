// The handover of a worker from one watchdog to the next: what is stored while it runs, and how the
// next watchdog takes it over.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "watchdog/enrich/process_info.h"
#include "watchdog/service/worker.h"

namespace pyfault {
namespace {

bool is_pipe(const UniqueFd& fd) {
  struct stat status {};
  return ::fstat(fd.get(), &status) == 0 && S_ISFIFO(status.st_mode);
}

InheritedServer kept_server(InheritedWorker& kept) {
  InheritedServer server{
      kept.take_all(kListenerRole), {}, kept.memory.life ? kept.memory.life->pid : 0};
  for (SavedSession& memory : kept.memory.sessions) {
    UniqueFd ring = kept.take(session_role(memory.id));
    if (!ring) continue;  // the session had already ended
    server.sessions.push_back({std::move(memory), std::move(ring)});
  }
  return server;
}

}  // namespace

Worker::Worker(WorkerHost& host, InheritedWorker kept)
    : host_(host),
      config_(kept.memory.config),
      state_(kept.memory.state),
      policy_(config_.restart, kept.memory.policy),
      crashes_(kept.memory.crashes),
      restarts_(kept.memory.restarts),
      history_(kept.memory.history),
      exit_code_(kept.memory.exit_code),
      begun_(kept.memory.begun),
      held_(kept.memory.held),
      timer_at_(kept.memory.timer),
      store_(host.manager, kept),
      server_(host.io, event_handler(), attach_limits(), attach_handler(), kept_server(kept)) {
  keep_sessions();
  if (config_.ready.by == ReadyBy::kNotify) {
    notify_ =
        std::make_unique<NotifySocket>(host.io, notification_handler(), kept.take(kNotifyRole));
  }
  drop_dead_sessions();
  decision_ = RestartDecision{RestartDecision::Action::kRestart, kept.memory.delay, false, {}};
  adopt_life(kept);
}

void Worker::keep_sessions() {
  if (!store_.is_of_use()) return;
  server_.set_keeper({[this](std::uint64_t id, int ring) {
                        if (server_.sessions() >= host_.most_sessions) return false;
                        store_.keep(session_role(id), std::array{ring});
                        return true;
                      },
                      [this] { save(); },
                      [this](std::uint64_t id) {
                        store_.drop(session_role(id));
                        save_soon();
                      },
                      [this](const std::string& id) { return host_.ledger.take(id); }});
}

// Drops the stored rings of sessions that could not be taken over.
void Worker::drop_dead_sessions() {
  std::set<std::string> dead = store_.roles();
  for (const SavedSession& session : server_.memory()) dead.erase(session_role(session.id));
  for (const std::string& role : dead) {
    if (role.starts_with("session.")) store_.drop(role);
  }
}

// Without a life, the only processes can be those of a start that the death of the previous
// watchdog interrupted.
void Worker::adopt_life(InheritedWorker& kept) {
  if (!kept.memory.life) {
    kill_below({-1, server_.address(), [this](int pid) { return server_.watches(pid); }});
    return drop_life();
  }
  SavedLife& life = *kept.memory.life;
  if (life.process.name.empty()) life.process = read_process(life.pid).value_or(life.process);
  process_ = life.process;
  auto output = adopt_output(kept);
  DelegatedCgroup* const cgroups = host_.surroundings.cgroup;
  const bool is_same = is_still(process_.pid, kept.memory.life->start_ticks);
  auto cgroup = cgroups && is_same ? cgroups->find(process_.pid) : std::nullopt;
  life_ =
      std::make_unique<WorkerProcess>(host_.io, std::move(*kept.memory.life), kept.take(kPidfdRole),
                                      std::move(output), std::move(cgroup), [this] { on_end(); });
  server_.watches(process_.pid) ? life_->note_attached(process_) : server_.expect(process_.pid);
}

std::unique_ptr<WorkerOutput> Worker::adopt_output(InheritedWorker& kept) {
  UniqueFd out = kept.take(kOutRole);
  UniqueFd err = kept.take(kErrRole);
  if (!is_pipe(out) || !is_pipe(err)) return nullptr;
  return std::make_unique<WorkerOutput>(
      host_.io, output_terms(), host_.write_output,
      WorkerOutput::Kept{std::move(out), std::move(err),
                         kept.memory.life->output.value_or(SavedOutput{})});
}

// A stop that was under way starts over.
void Worker::resume() {
  switch (state_) {
    case WorkerState::kStopping:
      state_ = WorkerState::kUp;
      return handle(WorkerEvent::kStop);
    case WorkerState::kRestarting:
      state_ = WorkerState::kUp;
      return handle(WorkerEvent::kRestart);
    case WorkerState::kAborting:
      state_ = WorkerState::kStarting;
      return handle(WorkerEvent::kTimeUp);
    default:
      resume_timer();
      save();
  }
}

// With ready = alive, a worker that still lives becomes ready at most ready.after from now, even if
// the stored timer is later or missing.
void Worker::resume_timer() {
  const bool by_living = config_.ready.by == ReadyBy::kAlive;
  if (state_ == WorkerState::kStarting && by_living) {
    timer_at_ =
        std::min(timer_at_.value_or(Clock::time_point::max()), Clock::now() + config_.ready.after);
  }
  if (!timer_at_) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*timer_at_ - Clock::now());
  const auto delay = std::max(left, std::chrono::milliseconds(0));
  switch (state_) {
    case WorkerState::kStarting:
      return set_timer(delay, by_living ? WorkerEvent::kReady : WorkerEvent::kTimeUp);
    case WorkerState::kUp:
      return set_timer(delay, WorkerEvent::kHealthy);
    default:
      return set_timer(delay, WorkerEvent::kTimeUp);
  }
}

// Stops waiting for killed processes to die. A restart that waited for them is left to the next
// watchdog.
void Worker::leave() {
  if (dying_) {
    const bool restarts = state_ == WorkerState::kRestarting;
    if (restarts) state_ = WorkerState::kStopping;
    finish_end();
    if (restarts) begun_ = false;
  }
  server_.drain();
  if (life_) life_->leave_output();
  save(true);
  server_.leave();
}

void Worker::keep_life() {
  store_.keep(kPidfdRole, std::array{life_->pidfd()});
  if (const WorkerOutput* output = life_->output()) {
    store_.keep(kOutRole, std::array{output->out_reader()});
    store_.keep(kErrRole, std::array{output->err_reader()});
  }
  save();
}

void Worker::drop_life() {
  for (const char* role : {kPidfdRole, kOutRole, kErrRole}) store_.drop(role);
}

SavedWorker Worker::memory(bool with_output) const {
  SavedWorker memory{config_,
                     state_,
                     restarts_,
                     history_,
                     exit_code_,
                     begun_,
                     held_,
                     policy_.memory(),
                     crashes_.memory(),
                     timer_at_,
                     decision_ ? decision_->delay : std::chrono::milliseconds(0),
                     {},
                     server_.memory()};
  if (life_) memory.life = life_->memory(with_output);
  if (lookup_) {  // the start has to begin again
    memory.state = WorkerState::kStopped;
    memory.begun = false;
    memory.timer.reset();
  }
  return memory;
}

// While leftovers of the last life are dying, the stored state is not changed: the next watchdog
// learns of the end from it.
void Worker::save(bool with_output) {
  if (!store_.is_of_use() || dying_) return;
  store_.save(memory(with_output));
}

// Saves once for all changes in a pass of the event loop.
void Worker::save_soon() {
  if (store_.is_of_use()) saving_.request();
}

}  // namespace pyfault
