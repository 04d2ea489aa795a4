#include "watchdog/service/worker_process.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "watchdog/enrich/process_info.h"
#include "watchdog/os/pidfd.h"

namespace pyfault {
namespace {

// A service's worker has no terminal to read from.
UniqueFd open_null() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

std::optional<MemoryCgroup> memory_of(const std::optional<WorkerCgroup>& cgroup) {
  return cgroup ? cgroup->memory() : std::nullopt;
}

// Falls back to the memory cgroup of `pid` if the worker has none of its own.
OomKills oom_kills_in(const std::optional<MemoryCgroup>& own, int pid) {
  return own ? OomKills(*own) : OomKills(pid);
}

ChildProcess begin(SpawnPlan& plan, WorkerOutput* output,
                   const std::optional<WorkerCgroup>& cgroup) {
  const UniqueFd null = open_null();
  plan.streams[STDIN_FILENO] = null.get();
  if (cgroup) plan.cgroup_procs = cgroup->procs();
  if (output) {
    plan.streams[STDOUT_FILENO] = output->out();
    plan.streams[STDERR_FILENO] = output->err();
  }
  ChildProcess child = ChildProcess::begin(plan);
  if (output) output->close_worker_ends();
  return child;
}

// A process whose end cannot be observed must not run, so it is killed on failure.
ReadableFd await(boost::asio::io_context& io, ChildProcess& child, int fd,
                 std::function<void()> on_readable) try {
  return {io, UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)), std::move(on_readable)};
} catch (...) {
  ::syscall(SYS_pidfd_send_signal, child.pidfd(), SIGKILL, nullptr, 0);
  child.reap();
  throw;
}

// Returns a descriptor that is readable at once, like the pidfd of a process that has ended.
UniqueFd of_one_that_is_gone() {
  return UniqueFd(::eventfd(1, EFD_CLOEXEC));
}

// Returns a pidfd of the process itself, dead or alive, and never of another process that has its
// PID by now.
UniqueFd pidfd_for(const SavedProcess& saved, UniqueFd pidfd) {
  if (pidfd && pid_of(pidfd.get()) == -1) return pidfd;
  if (!pidfd || pid_of(pidfd.get()) != saved.pid) pidfd = open_pidfd(saved.pid);
  return pidfd && is_still(saved.pid, saved.start_ticks) ? std::move(pidfd) : of_one_that_is_gone();
}

}  // namespace

WorkerProcess::WorkerProcess(boost::asio::io_context& io, SpawnPlan plan,
                             std::unique_ptr<WorkerOutput> output,
                             std::optional<WorkerCgroup> cgroup, Hooks hooks)
    : cgroup_(std::move(cgroup)),
      own_memory_(memory_of(cgroup_)),
      oom_kills_(oom_kills_in(own_memory_, ::getpid())),
      output_(std::move(output)),
      plan_(std::move(plan)),
      child_(begin(plan_, output_.get(), cgroup_)),
      on_end_(await(io, child_, child_.pidfd(), std::move(hooks.on_end))),
      on_start_(std::move(hooks.on_start)),
      launching_(await(io, child_, child_.launch_fd(), [this] { hear_launch(); })),
      history_(Process{pid(), ::getpid(), "", "", plan_.command.argv}) {
  start_ticks_ = start_ticks(pid());
  on_end_.start();
  launching_->start();
}

void WorkerProcess::hear_launch() {
  try {
    if (!child_.hear_launch(plan_)) return;
  } catch (const StartError& error) {
    failure_ = error;
  }
  launching_.reset();
  // A process that was killed before the exec has not run its program either.
  if (failure_ || child_.program().path.empty()) return;
  if (!history_.is_watched())
    history_ = ProcessHistory(describe());  // else the agent attached first
  on_start_();
}

void WorkerProcess::finish_launch() {
  if (launching_) hear_launch();
}

WorkerProcess::WorkerProcess(boost::asio::io_context& io, SavedProcess saved, UniqueFd pidfd,
                             std::unique_ptr<WorkerOutput> output,
                             std::optional<WorkerCgroup> cgroup, std::function<void()> on_end)
    : cgroup_(std::move(cgroup)),
      own_memory_(memory_of(cgroup_)),
      oom_kills_(oom_kills_in(own_memory_, saved.pid)),
      started_(saved.started),
      start_ticks_(saved.start_ticks),
      output_(std::move(output)),
      child_(ChildProcess::adopt(saved.pid, pidfd_for(saved, std::move(pidfd)))),
      on_end_(io, UniqueFd(::fcntl(child_.pidfd(), F_DUPFD_CLOEXEC, 0)), std::move(on_end)),
      history_(std::move(saved.history)) {
  on_end_.start();
}

SavedProcess WorkerProcess::saved(bool with_output) const {
  SavedProcess saved{pid(), start_ticks_, started_, history_.saved(), std::nullopt};
  if (with_output && output_) saved.output = output_->saved();
  return saved;
}

// The process may have ended already, so /proc may have nothing.
Process WorkerProcess::describe() const {
  Process process = read_process(pid()).value_or(Process{pid(), ::getpid(), "", "", {}});
  process.command = plan_.command.argv;
  if (process.executable.empty()) process.executable = child_.program().path;
  return process;
}

int WorkerProcess::root_of_tree() const {
  const auto stat = read_process_stat(pid());
  return stat && stat->start_ticks != start_ticks_ ? -1 : pid();
}

double WorkerProcess::uptime_seconds() const {
  return std::chrono::duration<double>(Clock::now() - started_).count();
}

void WorkerProcess::send(int signal) const {
  ::syscall(SYS_pidfd_send_signal, child_.pidfd(), signal, nullptr, 0);
}

void WorkerProcess::kill_cgroup() const {
  if (cgroup_) cgroup_->kill();
}

void WorkerProcess::reset_oom_baseline() {
  if (!own_memory_) oom_kills_.reset_baseline();
}

void WorkerProcess::drain_output() {
  if (output_) output_->drain();
}

void WorkerProcess::leave_output() {
  if (!output_) return;
  output_->drain();
  output_->tell_left_out();
}

std::optional<LastOutput> WorkerProcess::last_output() {
  if (!output_) return std::nullopt;
  drain_output();
  return LastOutput{std::string(output_->tail())};
}

WorkerEnd WorkerProcess::end() {
  on_end_.stop();
  if (output_) output_->finish();
  const bool oom_kills_rose = oom_kills_.rose(pid());
  const auto caught = caught_signals(pid());
  ChildEnd child_end = child_.reap();
  child_end.oom_kills_rose = oom_kills_rose;
  child_end.caught_signals = caught;
  Event event = history_.exit_event(child_end, uptime_seconds());
  auto& exit = std::get<ExitEvent>(event.body);
  if (exit.crash_id) exit.fingerprint = history_.last_crash()->fingerprint;
  auto output = output_ ? std::optional(LastOutput{std::string(output_->tail())}) : std::nullopt;
  // Python exits with 1 after an uncaught exception. With any other code, the program has caught an
  // exception that it may have printed.
  if (output && exit.code == 1 && !exit.crash_id) {
    output->exception = exception_at_end(output_->tail_of_stderr());
    if (output->exception) exit.fingerprint = output->exception->fingerprint;
  }
  return {std::move(event.process), std::move(exit), std::move(output)};
}

}  // namespace pyfault
