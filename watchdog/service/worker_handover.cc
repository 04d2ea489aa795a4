// The handover of a worker from one watchdog to the next: what is stored while it runs, and how the
// next watchdog takes it over.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

#include "watchdog/enrich/process_info.h"
#include "watchdog/service/worker.h"

namespace pyfault {
namespace {

bool is_pipe(const UniqueFd& fd) {
  struct stat status {};
  return ::fstat(fd.get(), &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

void Worker::keep_listeners() {
  if (!store_.is_of_use()) return;
  const auto listeners = server_.listeners();
  std::vector<int> numbers;
  for (const UniqueFd& listener : listeners) numbers.push_back(listener.get());
  store_.keep(kListenerRole, numbers);
  if (notify_) store_.keep(kNotifyRole, std::array{notify_->descriptor()});
}

void Worker::keep_sessions() {
  if (!store_.is_of_use()) return;
  server_.set_keeper(
      {[this](std::uint64_t id, int ring, std::function<void()> kept) {
         if (server_.sessions() > host_.max_sessions) return false;
         return store_.keep(session_role(id), std::array{ring}, std::move(kept));
       },
       [this] { save(); },
       [this](std::uint64_t id) {
         store_.drop(session_role(id));
         save_soon();
       },
       [this](std::string_view id, const ReportSource& source, std::uint32_t records) {
         return host_.ledger.take(id, source, records);
       }});
}

// Without a process, the only processes can be those of a start that the death of the previous
// watchdog interrupted.
void Worker::take_over(InheritedWorker& inherited) {
  recent_->adopt(std::move(inherited.saved.recent));
  exit_code_ = inherited.saved.exit_code;
  timer_at_ = inherited.saved.timer;
  drop_dead_sessions();
  if (inherited.saved.process) return adopt_process(inherited);
  kill_below(tree());
  drop_process();
}

// Drops the stored rings of sessions that could not be taken over.
void Worker::drop_dead_sessions() {
  std::set<std::string> dead = store_.roles();
  for (const SavedSession& session : server_.saved()) dead.erase(session_role(session.id));
  for (const std::string& role : dead) {
    if (role.starts_with("session.")) store_.drop(role);
  }
}

void Worker::adopt_process(InheritedWorker& inherited) {
  SavedProcess& saved = *inherited.saved.process;
  Process& process = saved.history.process;
  if (process.name.empty()) process = read_process(saved.pid).value_or(process);
  last_process_ = process;
  auto output = adopt_output(inherited);
  DelegatedCgroup* const cgroups = host_.surroundings.cgroup;
  const bool is_same = is_still(saved.pid, saved.start_ticks);
  auto cgroup = cgroups && is_same ? cgroups->find(saved.pid) : std::nullopt;
  const int pid = saved.pid;
  process_ =
      std::make_unique<WorkerProcess>(host_.io, std::move(saved), inherited.take(kPidfdRole),
                                      std::move(output), std::move(cgroup), [this] { on_death(); });
  if (server_.watches(pid)) process_->on_attach(last_process_);
  server_.expect(pid);
  watching_taint_.request();  // once the inherited sessions have found the processes of their rings
}

std::unique_ptr<WorkerOutput> Worker::adopt_output(InheritedWorker& inherited) const {
  UniqueFd out = inherited.take(kOutRole);
  UniqueFd err = inherited.take(kErrRole);
  if (!is_pipe(out) || !is_pipe(err)) return nullptr;
  return std::make_unique<WorkerOutput>(
      host_.io, output_terms(), host_.write_output,
      InheritedOutput{std::move(out), std::move(err),
                      inherited.saved.process->output.value_or(SavedOutput{})});
}

void Worker::resume() {
  if (is_being_stopped(state())) return lifecycle_.resume();
  resume_timer();
  save();
}

// With ready = alive, a worker that still lives becomes ready at most ready.after from now, even if
// the stored timer is later or missing.
void Worker::resume_timer() {
  const bool by_living = config_.ready.by == ReadyBy::kAlive;
  if (state() == WorkerState::kStarting && by_living) {
    timer_at_ =
        std::min(timer_at_.value_or(Clock::time_point::max()), Clock::now() + config_.ready.after);
  }
  if (!timer_at_) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*timer_at_ - Clock::now());
  const auto delay = std::max(left, std::chrono::milliseconds(0));
  switch (state()) {
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
    const bool restarts = state() == WorkerState::kRestarting;
    if (restarts) lifecycle_.handle(WorkerEvent::kStop);
    finish_end();
    if (restarts) lifecycle_.begin_again_later();
  }
  server_.drain();
  if (process_) process_->leave_output();
  save(true);
  server_.leave();
}

void Worker::keep_process() {
  store_.keep(kPidfdRole, std::array{process_->pidfd()});
  if (const WorkerOutput* output = process_->output()) {
    store_.keep(kOutRole, std::array{output->out_reader()});
    store_.keep(kErrRole, std::array{output->err_reader()});
  }
  save();
}

void Worker::drop_process() {
  for (const char* role : {kPidfdRole, kOutRole, kErrRole}) store_.drop(role);
}

SavedWorker Worker::saved(bool is_last) const {
  SavedWorker saved{
      config_,   lifecycle_.saved(), history_,        exit_code_, crashes_.saved(),
      timer_at_, std::nullopt,       server_.saved(), {},         server_.saved_unwatched()};
  if (is_last) saved.recent = recent_->saved(kSavedCrashes);
  if (process_) saved.process = process_->saved(is_last);
  if (lookup_) {  // the start has to begin again
    saved.lifecycle.state = WorkerState::kStopped;
    saved.lifecycle.begun = false;
    saved.timer.reset();
  }
  return saved;
}

// While what the last process left behind is dying, the stored state is not changed: the next
// watchdog learns of the end from it.
void Worker::save(bool is_last) {
  if (!store_.is_of_use() || dying_) return;
  store_.save(saved(is_last));
}

// Saves once for all changes in a pass of the event loop.
void Worker::save_soon() {
  if (store_.is_of_use()) saving_.request();
}

}  // namespace pyfault
