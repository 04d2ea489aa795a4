#include "watchdog/service/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <iterator>
#include <random>
#include <utility>

#include "watchdog/ingest/notice.h"
#include "watchdog/os/clock.h"
#include "watchdog/service/dump_request.h"
#include "watchdog/symbolize/symbolizer_path.h"

namespace pyfault {
namespace {

constexpr int kSignalExit = 128;
constexpr double kClockTick =
    0.02;  // the resolution of a process's start time (10 ms), with a margin
constexpr std::chrono::seconds kPatienceWithDying{5};

double seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

AfterExit after_exit(const RestartDecision& next) {
  AfterExit after;
  after.in_crash_loop = next.in_crash_loop;
  switch (next.action) {
    case RestartDecision::Action::kRestart:
      after.decision = AfterExit::Decision::kRestart;
      after.delay_seconds = seconds(next.delay);
      break;
    case RestartDecision::Action::kGiveUp:
      after.decision = AfterExit::Decision::kGiveUp;
      break;
    case RestartDecision::Action::kStayDown:
      break;
  }
  return after;
}

// Returns a random number from -1 to 1.
double jitter() {
  static std::minstd_rand random(std::random_device{}());
  return std::uniform_real_distribution<double>(-1, 1)(random);
}

// An end of unknown cause counts as a failure, which must not keep the worker down. A crash that a
// handler turned into an exit code is still a crash. A worker that we ended because it was not
// ready in time has failed, even if it exited cleanly.
DeathKind kind_of(const ExitEvent& exit) {
  if (exit.crash_id) return DeathKind::kCrash;
  if (exit.reason == ExitReason::kStartTimeout || exit.reason == ExitReason::kUnknown)
    return DeathKind::kFailure;
  return death_kind(exit.code.value_or(0), exit.signal.value_or(0));
}

std::optional<InheritedServer> inherited_server(std::optional<InheritedWorker>& inherited) {
  if (!inherited) return std::nullopt;
  const auto& process = inherited->saved.process;
  InheritedServer server{inherited->take_all(kListenerRole),
                         {},
                         process ? process->pid : 0,
                         std::move(inherited->saved.unwatched_below)};
  for (SavedSession& session : inherited->saved.sessions) {
    UniqueFd ring = inherited->take(session_role(session.id));
    if (!ring) continue;  // the session had already ended
    server.sessions.push_back({std::move(session), std::move(ring)});
  }
  return server;
}

}  // namespace

Worker::Worker(WorkerHost& host, WorkerConfig config, std::optional<InheritedWorker> inherited)
    : host_(host),
      config_(std::move(config)),
      lifecycle_(*this, config_.restart, config_.stop.timeout,
                 inherited ? inherited->saved.lifecycle : SavedLifecycle{}),
      crashes_(inherited ? inherited->saved.crashes : CrashDeduplicator::Saved{}),
      history_(inherited ? inherited->saved.history : WorkerHistory{}),
      recent_(host_.crashes.of(config_.name)),
      store_(host.manager, config_.name, inherited),
      server_(
          host.io, *this, attach_limits(), [this](const Process& process) { on_attach(process); },
          inherited_server(inherited)) {
  server_.on_last_context([this](int pid, const Context& context) {
    if (process_) process_->on_last_context(pid, context);
  });
  keep_sessions();
  if (config_.ready.by == ReadyBy::kNotify) {
    notify_ = std::make_unique<NotifySocket>(
        host.io, [this](const Notification& notification) { on_notification(notification); },
        inherited ? std::optional(inherited->take(kNotifyRole)) : std::nullopt);
  }
  if (inherited) {
    take_over(*inherited);
  } else {
    keep_listeners();
    save();
  }
}

AttachLimits Worker::attach_limits() const {
  AttachLimits limits;
  limits.all_exits = config_.all_exits;
  limits.dump_signal = config_.dump_signal;
  limits.dump_before = config_.dump_before;
  limits.native = {config_.native, symbolizer_path(), host_.minidumps, host_.downloads};
  limits.attached = host_.attached;
  limits.crashes = recent_;
  limits.search = host_.search;
  return limits;
}

Worker::~Worker() {
  server_.close();
}

void Worker::hold(bool held) {
  if (lifecycle_.hold(held)) save_soon();
}

void Worker::on_state_change() {
  save_soon();
  host_.on_change();
}

void Worker::on_attach(const Process& process) {
  if (!process_) return;
  process_->finish_launch();
  process_->on_attach(process);
}

void Worker::spawn() {
  if (!config_.user.empty() || !config_.group.empty()) return look_up_run_as();
  spawn_as({});
}

void Worker::look_up_run_as() {
  cancel_timer();  // it belongs to the previous state
  lookup_ = std::make_shared<int>();
  const auto run_as = std::make_shared<RunAs>();
  const bool begun = host_.lookups.of(config_).begin(
      [run_as, config = config_] { *run_as = resolve_run_as(config); },
      [this, run_as, waiting = std::weak_ptr(lookup_)](bool done) {
        if (waiting.expired()) return;
        lookup_.reset();
        if (done) return spawn_as(std::move(*run_as));
        fail_to_start({kExitOwnError, "its user or group could not be looked up: no answer"});
      });
  if (!begun) {
    lookup_.reset();
    fail_to_start({kExitOwnError, "its user or group can't be looked up: earlier look-ups hang"});
  }
}

// The worker is stopped before there is a process.
void Worker::give_up_lookup() {
  lookup_.reset();
  fail_to_start({kExitOwnError, "it was stopped while its user or group was looked up"});
}

// A failed start is handled like any other end, so the restart policy applies to it.
void Worker::spawn_as(RunAs run_as) {
  try {
    auto plan =
        plan_worker(config_, host_.surroundings,
                    {server_.address(), notify_ ? notify_->address() : ""}, std::move(run_as));
    last_process_ = Process{0, 0, "", "", plan.command.argv};
    DelegatedCgroup* const cgroups = host_.surroundings.cgroup;
    process_ = std::make_unique<WorkerProcess>(
        host_.io, std::move(plan), new_output(),
        cgroups ? cgroups->make(config_.name) : std::nullopt,
        WorkerProcess::Hooks{[this] { on_start(); }, [this] { on_death(); }});
  } catch (const StartError& error) {
    return fail_to_start(error);
  } catch (const std::exception& error) {
    return fail_to_start({kExitOwnError, error.what()});
  }
  limit_start();
  keep_process();
}

std::unique_ptr<WorkerOutput> Worker::new_output() const {
  if (config_.output != OutputMode::kCapture) return nullptr;
  return std::make_unique<WorkerOutput>(host_.io, output_terms(), host_.write_output);
}

// The program runs.
void Worker::on_start() {
  const Event event = process_->start_event();
  last_process_ = event.process;
  if (state() == WorkerState::kStarting) await_ready();
  save_soon();
  report(event.body);
  server_.expect(process_->pid(), process_->program_file());
}

// There never was a process.
void Worker::fail_to_start(const StartError& failure) {
  end_ = end_of_start(failure);
  lifecycle_.on_death();
  finish_end();
}

WorkerEnd Worker::end_of_start(const StartError& failure) const {
  ExitEvent exit;
  exit.code = failure.exit_code();
  exit.reason = ExitReason::kStartFailed;
  exit.detail = failure.what();
  return {last_process_, std::move(exit), std::nullopt};
}

void Worker::await_ready() {
  const Readiness& ready = config_.ready;
  if (ready.by == ReadyBy::kAlive) return set_timer(ready.after, WorkerEvent::kReady);
  limit_start();
}

void Worker::limit_start() {
  const auto limit = config_.ready.timeout;
  limit.count() > 0 ? set_timer(limit, WorkerEvent::kTimeUp) : cancel_timer();
}

// Accepts READY=1 only from the worker's own process tree.
void Worker::on_notification(const Notification& notification) {
  if (process_) process_->finish_launch();
  const bool is_news = notification.ready && state() == WorkerState::kStarting && process_;
  if (is_news && is_part_of(tree(), notification.pid, notification.uid)) {
    lifecycle_.handle(WorkerEvent::kReady);
  }
}

void Worker::report_ready() {
  report(ReadyEvent{process_->uptime_seconds()});
}

void Worker::report_recovered() {
  report(RecoveredEvent{});
}

void Worker::report_restart(std::uint64_t restarts) {
  report(RestartEvent{restarts});
}

void Worker::on_event(Event event) {
  event.worker = config_.name;
  auto* exit = std::get_if<ExitEvent>(&event.body);
  if (exit && !complete(event, *exit)) return;
  if (process_) process_->finish_launch();  // the start event comes before its processes' events
  if (process_) process_->on_event(event);
  auto* crash = std::get_if<Crash>(&event.body);
  if (crash) complete(event, *crash);
  auto* unwatched = std::get_if<UnwatchedEvent>(&event.body);
  if (unwatched && process_) unwatched->parents = parents_of(event.process.pid, process_->pid());
  const int dumped = crash && crash->kind == CrashKind::kDump ? event.process.pid : 0;
  if (crash && crash->became_exception) watch_taint(event.process.pid);
  tell(std::move(event));
  save_soon();
  on_dump(dumped);
}

// Returns false for an exit that is not to be reported: the end of the worker's own process is
// reported when it is reaped, and a process older than this one belonged to a previous one, and was
// killed.
bool Worker::complete(Event& event, ExitEvent& exit) const {
  if (!process_ || event.process.pid == process_->pid()) return false;
  if (exit.uptime_seconds.value_or(0) > process_->uptime_seconds() + kClockTick) return false;
  exit.parents = parents_from(event.process.ppid, process_->pid());
  if (is_being_stopped(state())) exit.reason = ExitReason::kStopped;
  return true;
}

void Worker::complete(Event& event, Crash& crash) {
  WorkerCrash& known = event.worker_crash.emplace();
  if (process_) known.parents = parents_of(event.process.pid, process_->pid());
  if (crash.kind == CrashKind::kCrash) {
    const auto verdict = crashes_.count(crash.fingerprint, Clock::now());
    known.occurrence = verdict.occurrence;
    known.abridged = !verdict.report_in_full;
  }
  event.last_output.emplace();
  if (known.abridged) {
    crash.threads.clear();
    crash.registers.clear();
    crash.instruction.reset();
    event.read_stacks = nullptr;
  } else if (process_) {
    event.last_output = process_->last_output().value_or(LastOutput{});
  }
}

// The process may be one below the worker's own; they are replaced together.
void Worker::watch_taint(int pid) {
  if (!config_.restart_tainted || !process_) return;
  taint_.add(pid);
  taint_.add(process_->pid());
}

// For faults whose event will not come again: it came to the previous watchdog, or before the
// setting changed.
void Worker::watch_all_taint() {
  for (const int pid : server_.tainted()) watch_taint(pid);
}

bool Worker::replace_tainted(bool is_idle) {
  if (state() == WorkerState::kStarting) return false;
  if (!config_.restart_tainted || state() != WorkerState::kUp) return true;
  Event event =
      notice(last_process_,
             fmt::format("worker {} is replaced, because a fault in it has become an exception; {}",
                         config_.name, is_idle ? "it is idle" : "it has been busy ever since"));
  event.worker = config_.name;
  tell(std::move(event));
  lifecycle_.handle(WorkerEvent::kRestart);
  return true;
}

bool Worker::on_child_death(int pid) {
  if (!process_ || process_->pid() != pid) return false;
  on_death();
  return true;
}

// The process is dead but not reaped, so it is still in /proc.
void Worker::on_death() {
  process_->finish_launch();
  server_.drain();
  cancel_timer();  // before the state is saved
  taint_.clear();
  kill_all_below();
  std::vector<UniqueFd> left = std::exchange(killed_, {});
  if (!left.empty()) save();  // while dying_, nothing is saved
  collect_end();
  lifecycle_.on_death();
  left.empty() ? finish_end() : await_those_left(std::move(left));
}

void Worker::collect_end() {
  awaited_dumps_.clear();
  end_ = process_->end();
  if (process_->start_failure()) end_ = end_of_start(*process_->start_failure());
  end_->realtime_ns = realtime_now_ns();
  process_.reset();
  ExitEvent& exit = end_->exit;
  if (exit.reason == ExitReason::kOomKilled) host_.on_oom_kill();
  if (exit.reason == ExitReason::kStartFailed || exit.crash_id ||
      exit.reason == ExitReason::kOomKilled)
    return;
  if (state() == WorkerState::kAborting) exit.reason = ExitReason::kStartTimeout;
  const bool was_asked = state() == WorkerState::kStopping || state() == WorkerState::kRestarting;
  if (was_asked) exit.reason = ExitReason::kStopped;
}

// Killed processes may still hold what the next process needs: an address, a lock, a file.
void Worker::await_those_left(std::vector<UniqueFd> left) try {
  dying_ = std::make_unique<DyingProcesses>(host_.io, std::move(left), kPatienceWithDying,
                                            [this](const std::vector<int>& living) {
                                              if (!living.empty())
                                                report_those_that_live_on(living);
                                              finish_end();
                                            });
} catch (const std::exception&) {
  finish_end();  // they have been killed anyway
}

void Worker::report_those_that_live_on(const std::vector<int>& pids) {
  Event event = notice(
      end_->process,
      fmt::format("processes that it left behind were killed, and live on after {} s (they may "
                  "sleep in the kernel): {}",
                  kPatienceWithDying.count(), fmt::join(pids, ", ")));
  event.worker = config_.name;
  tell(std::move(event));
}

void Worker::finish_end() {
  dying_.reset();
  drop_process();
  lifecycle_.on_end({kind_of(end_->exit), Clock::now(), end_->exit.fingerprint}, jitter());
}

void Worker::report_exit(const RestartDecision& next) {
  ExitEvent& exit = end_->exit;
  exit_code_ = exit.signal ? kSignalExit + *exit.signal : exit.code.value_or(0);
  last_process_ = std::move(end_->process);
  exit.after = after_exit(next);
  // A crash report already has the output, and a requested stop needs no explanation.
  auto output = exit.crash_id || exit.reason == ExitReason::kStopped ? std::nullopt : end_->output;
  if (!exit.crash_id && !output) exit.fingerprint.clear();
  report(std::move(exit), std::move(output), end_->realtime_ns);
  if (next.loop_begun) report_crash_loop(next);
}

void Worker::report_crash_loop(const RestartDecision& next) {
  const CrashLoop& loop = *next.loop_begun;
  CrashLoopEvent event;
  event.failures = loop.failures;
  event.within_seconds = seconds(loop.within);
  event.ever_ready = loop.ever_ready;
  event.fingerprints = loop.fingerprints;
  event.unexplained = loop.unexplained;
  event.gives_up = next.action == RestartDecision::Action::kGiveUp;
  event.delay_seconds = seconds(config_.restart.backoff.max);
  report(std::move(event), end_->output);
}

void Worker::ask_to_stop() {
  if (lookup_) return give_up_lookup();
  if (!process_) return;
  process_->send(config_.stop.signal);
  process_->send(SIGCONT);  // a stopped process could not handle the signal
}

// Asks all processes of the worker: one of them may keep another from stopping.
bool Worker::ask_for_dumps() {
  awaited_dumps_.clear();
  for (const int pid : processes()) {
    if (ask_for_stacks(pid)) awaited_dumps_.insert(pid);
  }
  return !awaited_dumps_.empty();
}

void Worker::on_dump(int pid) {
  const bool is_last = awaited_dumps_.erase(pid) > 0 && awaited_dumps_.empty();
  if (is_last) lifecycle_.on_dumps_done();
}

void Worker::kill() {
  if (!process_) return;
  kill_all_below();
  process_->send(SIGKILL);
}

// Processes that have left the cgroup are found through the process tree. It is read first: once a
// process is being killed, its environment, by which it may be known, can no longer be read.
void Worker::kill_all_below() {
  std::vector<UniqueFd> killed = kill_below(tree());
  process_->kill_cgroup();
  std::ranges::move(killed, std::back_inserter(killed_));
}

// While what the last process left behind is dying, there is nothing to escalate.
void Worker::escalate_stop() {
  if (process_ && is_being_stopped(state())) lifecycle_.handle(WorkerEvent::kTimeUp);
}

std::vector<int> Worker::processes() const {
  if (!process_) return {};
  std::vector<int> pids = {process_->pid()};
  const std::vector<int> others = below(tree());
  pids.insert(pids.end(), others.begin(), others.end());
  return pids;
}

bool Worker::ask_for_stacks(int pid) const {
  return server_.watches(pid) && ask_for_dump(pid, config_.dump_signal);
}

WorkerSnapshot Worker::snapshot() const {
  WorkerSnapshot now{config_, history_, state()};
  now.restarts = lifecycle_.restarts();
  now.in_crash_loop = lifecycle_.in_crash_loop() && !now.rests();
  if (state() == WorkerState::kBackoff || state() == WorkerState::kCrashLoop) {
    const std::chrono::duration<double> left = timer_at_.value_or(Clock::now()) - Clock::now();
    now.retry_in_seconds = std::max(left.count(), 0.0);
  }
  if (!process_) return now;
  now.pid = process_->pid();
  now.uptime_seconds = process_->uptime_seconds();
  now.is_watched = process_->is_watched();
  now.unwatched = process_->unwatched() ? &*process_->unwatched() : nullptr;
  now.watched_processes = server_.watched();
  now.unwatched_below = server_.unwatched_below();
  return now;
}

void Worker::reset_oom_baseline() {
  if (process_) process_->reset_oom_baseline();
}

void Worker::reconfigure(const WorkerConfig& config) {
  config_ = config;
  lifecycle_.reconfigure(config_.restart, config_.stop.timeout);
  if (process_) process_->limit_output(output_terms().limit);
  watch_all_taint();
  save_soon();
}

WorkerOutput::Terms Worker::output_terms() const {
  return {config_.name, host_.output_format, config_.output_limit.value_or(host_.output_limit)};
}

void Worker::report(EventBody body, std::optional<LastOutput> output, std::int64_t realtime_ns) {
  Event event;
  event.realtime_ns = realtime_ns;
  event.worker = config_.name;
  event.process = last_process_;
  event.body = std::move(body);
  event.last_output = std::move(output);
  tell(std::move(event));
}

void Worker::tell(Event event) {
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  history_.on_event(event);
  host_.events.on_event(std::move(event));
}

WorkerTree Worker::tree() const {
  return {process_ ? process_->root_of_tree() : -1, server_.address(),
          [this](int pid) { return server_.watches(pid); }};
}

void Worker::set_timer(std::chrono::milliseconds delay, WorkerEvent event) {
  timer_at_ = Clock::now() + delay;
  timer_.start(delay, [this, event] { lifecycle_.handle(event); });
}

void Worker::cancel_timer() {
  timer_at_.reset();
  timer_.cancel();
}

}  // namespace pyfault
