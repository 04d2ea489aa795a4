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
UniqueFd pidfd_for(const SavedLife& memory, UniqueFd pidfd) {
  if (pidfd && pid_of(pidfd.get()) == -1) return pidfd;
  if (!pidfd || pid_of(pidfd.get()) != memory.pid) pidfd = open_pidfd(memory.pid);
  return pidfd && is_still(memory.pid, memory.start_ticks) ? std::move(pidfd)
                                                           : of_one_that_is_gone();
}

ProcessHistory run_of(const SavedLife& memory) {
  ProcessHistory::Memory run{memory.process, {}, memory.records_left_out, memory.replaced};
  if (memory.crash) {
    run.last_crash =
        ProcessHistory::LastCrash{memory.crash->id, memory.crash->signal, memory.crash->fatal};
  }
  return ProcessHistory(std::move(run));
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
      run_(Process{pid(), ::getpid(), "", "", plan_.command.argv}) {
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
  if (!run_.is_watched()) run_ = ProcessHistory(describe());  // else the agent attached first
  on_start_();
}

void WorkerProcess::finish_launch() {
  if (launching_) hear_launch();
}

WorkerProcess::WorkerProcess(boost::asio::io_context& io, SavedLife memory, UniqueFd pidfd,
                             std::unique_ptr<WorkerOutput> output,
                             std::optional<WorkerCgroup> cgroup, std::function<void()> on_end)
    : cgroup_(std::move(cgroup)),
      own_memory_(memory_of(cgroup_)),
      oom_kills_(oom_kills_in(own_memory_, memory.pid)),
      started_(memory.started),
      start_ticks_(memory.start_ticks),
      output_(std::move(output)),
      child_(ChildProcess::adopt(memory.pid, pidfd_for(memory, std::move(pidfd)))),
      on_end_(io, UniqueFd(::fcntl(child_.pidfd(), F_DUPFD_CLOEXEC, 0)), std::move(on_end)),
      run_(run_of(memory)) {
  if (memory.crash) crash_ = KnownCrash{memory.crash->id, memory.crash->fingerprint};
  on_end_.start();
}

SavedLife WorkerProcess::memory(bool with_output) const {
  ProcessHistory::Memory run = run_.memory();
  SavedLife memory{pid(),
                   start_ticks_,
                   started_,
                   std::move(run.process),
                   {},
                   run.left_out,
                   std::move(run.replaced),
                   {}};
  if (run.last_crash) {
    const bool same = crash_ && crash_->id == run.last_crash->id;
    memory.crash = SavedCrash{run.last_crash->id, same ? crash_->fingerprint : "",
                              run.last_crash->signal, run.last_crash->fatal};
  }
  if (with_output && output_) memory.output = output_->memory();
  return memory;
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

void WorkerProcess::note(const Event& event) {
  run_.note(event);
  const auto* crash = std::get_if<Crash>(&event.body);
  if (crash && crash->kind == CrashKind::kCrash && event.process.pid == pid()) {
    crash_ = KnownCrash{crash->id, crash->fingerprint};
  }
}

WorkerEnd WorkerProcess::end() {
  on_end_.stop();
  if (output_) output_->finish();
  const bool oom_kills_rose = oom_kills_.rose(pid());
  const auto caught = caught_signals(pid());
  ChildEnd child_end = child_.reap();
  child_end.oom_kills_rose = oom_kills_rose;
  child_end.caught_signals = caught;
  Event event = run_.exit_event(child_end, uptime_seconds());
  auto& exit = std::get<ExitEvent>(event.body);
  if (crash_ && exit.crash_id == crash_->id) exit.fingerprint = crash_->fingerprint;
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
