#include "watchdog/service/worker.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <iterator>
#include <random>
#include <utility>

#include "watchdog/ingest/notice.h"
#include "watchdog/service/dump_request.h"
#include "watchdog/service/run_as.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

constexpr int kSignalExit = 128;
constexpr double kClockTick =
    0.02;  // the resolution of a process's start time (10 ms), with a margin
constexpr std::chrono::seconds kPatienceWithDying{5};

double seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

AfterExit after_exit(const RestartDecision& decision) {
  AfterExit after;
  after.in_crash_loop = decision.in_crash_loop;
  switch (decision.action) {
    case RestartDecision::Action::kRestart:
      after.decision = AfterExit::Decision::kRestart;
      after.delay_seconds = seconds(decision.delay);
      break;
    case RestartDecision::Action::kGiveUp:
      after.decision = AfterExit::Decision::kGiveUp;
      break;
    case RestartDecision::Action::kStayDown:
      break;
  }
  return after;
}

WorkerEvent answer(const RestartDecision& decision) {
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
  if (exit.reason == kStartTimeout || exit.reason == kEndUnknown) return DeathKind::kFailure;
  return death_kind(exit.code.value_or(0), exit.signal.value_or(0));
}

}  // namespace

Worker::Worker(WorkerHost& host, WorkerConfig config)
    : host_(host),
      config_(std::move(config)),
      policy_(config_.restart),
      store_(host.manager, config_.name),
      server_(host.io, event_handler(), attach_limits(), attach_handler()) {
  keep_sessions();
  if (store_.is_of_use()) {
    const auto listeners = server_.listeners();
    std::vector<int> numbers;
    for (const UniqueFd& listener : listeners) numbers.push_back(listener.get());
    store_.keep(kListenerRole, numbers);
  }
  if (config_.ready.by == ReadyBy::kNotify) {
    notify_ = std::make_unique<NotifySocket>(host.io, notification_handler());
    store_.keep(kNotifyRole, std::array{notify_->descriptor()});
  }
  save();
}

AttachLimits Worker::attach_limits() const {
  AttachLimits limits;
  limits.all_exits = config_.all_exits;
  limits.dump_signal = config_.dump_signal;
  limits.dump_before = config_.dump_before;
  limits.attached = host_.attached;
  return limits;
}

AttachServer::EventHandler Worker::event_handler() {
  return [this](Event event) { on_event(std::move(event)); };
}

AttachServer::AttachHandler Worker::attach_handler() {
  return [this](const Process& process) {
    if (!life_) return;
    life_->finish_launch();
    life_->note_attached(process);
  };
}

std::function<void(const Notification&)> Worker::notification_handler() {
  return [this](const Notification& notification) { on_notification(notification); };
}

Worker::~Worker() {
  server_.close();
}

void Worker::handle(WorkerEvent event) {
  // Of a worker whose process is gone already, although its state does not say so yet.
  if (dying_ && event == WorkerEvent::kStart) event = WorkerEvent::kRestart;
  const WorkerStep step = next_step(state_, event);
  const bool changed = step.state != state_;
  state_ = step.state;
  begun_ = true;
  for (const WorkerAction action : step.actions) perform(action);
  if (changed) {
    save_soon();
    host_.on_change();
  }
}

void Worker::begin() {
  begun_ = true;
  if (!held_) handle(WorkerEvent::kStart);
}

void Worker::hold(bool held) {
  if (std::exchange(held_, held) != held) save_soon();
}

void Worker::perform(WorkerAction action) {
  switch (action) {
    case WorkerAction::kNone:
      return;
    case WorkerAction::kSpawn:
      return spawn();
    case WorkerAction::kSpawnAgain:
      return spawn_again();
    case WorkerAction::kReportReady:
      policy_.note_ready();
      return report(ReadyEvent{life_->uptime_seconds()});
    case WorkerAction::kAwaitHealth:
      return set_timer(policy_.healthy_after(), WorkerEvent::kHealthy);
    case WorkerAction::kNoteHealthy:
      if (policy_.note_healthy()) report(RecoveredEvent{});
      return;
    case WorkerAction::kResetPolicy:
      policy_ = RestartPolicy(config_.restart);
      return;
    case WorkerAction::kBeginStop:
      stop_ = StopSequence(config_.stop.timeout);
      return continue_stop();
    case WorkerAction::kContinueStop:
      return continue_stop();
    case WorkerAction::kCancelTimer:
      return cancel_timer();
    case WorkerAction::kDecide:
      return decide();
    case WorkerAction::kReportExit:
      return report_exit();
    case WorkerAction::kAwaitRetry:
      return set_timer(decision_->delay, WorkerEvent::kTimeUp);
  }
}

void Worker::spawn_again() {
  ++restarts_;
  report(RestartEvent{restarts_});
  spawn();
}

void Worker::spawn() {
  if (!config_.user.empty() || !config_.group.empty()) return look_up_account();
  spawn_as({});
}

void Worker::look_up_account() {
  cancel_timer();  // it belongs to the previous state
  lookup_ = std::make_shared<int>();
  const auto account = std::make_shared<RunAs>();
  const bool begun = host_.lookups.of(config_).begin(
      [account, config = config_] { *account = resolve_run_as(config); },
      [this, account, waiting = std::weak_ptr(lookup_)](bool done) {
        if (waiting.expired()) return;
        lookup_.reset();
        if (done) return spawn_as(std::move(*account));
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
void Worker::spawn_as(RunAs account) {
  try {
    auto plan =
        plan_worker(config_, host_.surroundings,
                    {server_.address(), notify_ ? notify_->address() : ""}, std::move(account));
    process_ = Process{0, 0, "", "", plan.command.argv};
    std::unique_ptr<WorkerOutput> output;
    if (config_.output == OutputMode::kCapture) {
      output = std::make_unique<WorkerOutput>(host_.io, output_terms(), host_.write_output);
    }
    DelegatedCgroup* const cgroups = host_.surroundings.cgroup;
    life_ = std::make_unique<WorkerProcess>(
        host_.io, std::move(plan), std::move(output),
        cgroups ? cgroups->make(config_.name) : std::nullopt,
        WorkerProcess::Hooks{[this] { on_start(); }, [this] { on_end(); }});
  } catch (const StartError& error) {
    return fail_to_start(error);
  } catch (const std::exception& error) {
    return fail_to_start({kExitOwnError, error.what()});
  }
  set_limit_for_start();
  keep_life();
}

// The program runs.
void Worker::on_start() {
  const Event event = life_->start_event();
  process_ = event.process;
  if (state_ == WorkerState::kStarting) await_ready();
  save_soon();
  report(event.body);
  server_.expect(life_->pid(), life_->program_file());
}

// There never was a process.
void Worker::fail_to_start(const StartError& failure) {
  decision_.reset();
  last_end_ = end_of_start(failure);
  ended_in_ = state_;
  handle(WorkerEvent::kEnded);
}

WorkerEnd Worker::end_of_start(const StartError& failure) const {
  ExitEvent exit;
  exit.code = failure.exit_code();
  exit.reason = kStartFailed;
  exit.detail = failure.what();
  return {process_, std::move(exit), std::nullopt};
}

void Worker::await_ready() {
  const Readiness& ready = config_.ready;
  if (ready.by == ReadyBy::kAlive) return set_timer(ready.after, WorkerEvent::kReady);
  set_limit_for_start();
}

void Worker::set_limit_for_start() {
  const auto limit = config_.ready.timeout;
  limit.count() > 0 ? set_timer(limit, WorkerEvent::kTimeUp) : cancel_timer();
}

// Accepts READY=1 only from the worker's own process tree.
void Worker::on_notification(const Notification& notification) {
  if (life_) life_->finish_launch();
  const bool is_news = notification.ready && state_ == WorkerState::kStarting && life_;
  if (is_news && is_part_of(tree(), notification.pid, notification.uid)) {
    handle(WorkerEvent::kReady);
  }
}

void Worker::on_event(Event event) {
  if (auto* exit = std::get_if<ExitEvent>(&event.body)) {
    // The end of the worker's own process is reported when it is reaped. A process older than this
    // life belonged to a previous one, and was killed.
    const bool is_older = life_ && exit->uptime_seconds > life_->uptime_seconds() + kClockTick;
    if (!life_ || is_older || event.process.pid == life_->pid()) return;
    exit->parents = parents_from(event.process.ppid, life_->pid());
    if (is_being_stopped(state_)) exit->reason = kWasStopped;
  }
  event.worker = config_.name;
  if (life_) life_->finish_launch();  // the start event comes before events of its processes
  if (life_) life_->note(event);
  auto* crash = std::get_if<Crash>(&event.body);
  if (crash) add_what_is_known(event, *crash);
  const int dumped = crash && crash->kind == CrashKind::kDump ? event.process.pid : 0;
  tell(std::move(event));
  save_soon();
  note_dump(dumped);
}

void Worker::add_what_is_known(Event& event, Crash& crash) {
  WorkerCrash& known = event.worker_crash.emplace();
  if (life_) known.parents = parents_of(event.process.pid, life_->pid());
  if (crash.kind == CrashKind::kCrash) {
    const auto verdict = crashes_.count(crash.fingerprint, Clock::now());
    known.occurrence = verdict.occurrence;
    known.abridged = !verdict.report_in_full;
  }
  event.last_output.emplace();
  if (known.abridged) {
    crash.threads.clear();
  } else if (life_) {
    event.last_output = life_->last_output().value_or(LastOutput{});
  }
}

bool Worker::note_death(int pid) {
  if (!life_ || life_->pid() != pid) return false;
  on_end();
  return true;
}

// The process is dead but not reaped, so it is still in /proc.
void Worker::on_end() {
  life_->finish_launch();
  server_.drain();
  cancel_timer();
  ended_in_ = state_;
  kill_all_below();
  std::vector<UniqueFd> left = std::exchange(killed_, {});
  if (!left.empty()) save();  // while dying_, nothing is saved
  collect();
  left.empty() ? finish_end() : await_those_left(std::move(left));
}

// Killed processes may still hold what the next life needs: an address, a lock, a file.
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
  std::string numbers;
  for (const int pid : pids) numbers += (numbers.empty() ? "" : ", ") + std::to_string(pid);
  Event event =
      notice(last_end_->process, "processes that it left behind were killed, and live on after " +
                                     std::to_string(kPatienceWithDying.count()) +
                                     " s (they may sleep in the kernel): " + numbers);
  event.worker = config_.name;
  tell(std::move(event));
}

void Worker::finish_end() {
  dying_.reset();
  drop_life();
  handle(WorkerEvent::kEnded);
}

void Worker::collect() {
  decision_.reset();
  asked_for_dumps_.clear();
  last_end_ = life_->end();
  if (life_->start_failure()) last_end_ = end_of_start(*life_->start_failure());
  last_end_->realtime_ns = realtime_now_ns();
  life_.reset();
  ExitEvent& exit = last_end_->exit;
  if (exit.reason == kOomKilled) host_.on_oom_kill();
  if (exit.reason == kStartFailed || exit.crash_id || exit.reason == kOomKilled) return;
  if (ended_in_ == WorkerState::kAborting) exit.reason = kStartTimeout;
  if (was_asked_to_stop()) exit.reason = kWasStopped;
}

bool Worker::was_asked_to_stop() const {
  return ended_in_ == WorkerState::kStopping || ended_in_ == WorkerState::kRestarting;
}

void Worker::decide() {
  const Death death{kind_of(last_end_->exit), Clock::now(), last_end_->exit.fingerprint};
  decision_ = policy_.decide(death, jitter());
  handle(answer(*decision_));
}

void Worker::report_exit() {
  ExitEvent& exit = last_end_->exit;
  exit_code_ = exit.signal ? kSignalExit + *exit.signal : exit.code.value_or(0);
  process_ = std::move(last_end_->process);
  exit.after = decision_ ? after_exit(*decision_) : AfterExit{};
  if (state_ == WorkerState::kStarting) exit.after->decision = AfterExit::Decision::kRestart;
  // A crash report already has the output, and a requested stop needs no explanation.
  auto output = exit.crash_id || exit.reason == kWasStopped ? std::nullopt : last_end_->output;
  if (!exit.crash_id && !output) exit.fingerprint.clear();
  report(std::move(exit), std::move(output), last_end_->realtime_ns);
  if (decision_ && decision_->loop_begun) report_crash_loop(*decision_->loop_begun);
}

void Worker::report_crash_loop(const CrashLoop& loop) {
  CrashLoopEvent event;
  event.failures = loop.failures;
  event.within_seconds = seconds(loop.within);
  event.ever_ready = loop.ever_ready;
  event.fingerprints = loop.fingerprints;
  event.unexplained = loop.unexplained;
  event.gives_up = decision_->action == RestartDecision::Action::kGiveUp;
  event.delay_seconds = seconds(config_.restart.backoff.max);
  report(std::move(event), last_end_->output);
}

void Worker::continue_stop() {
  if (lookup_) return give_up_lookup();
  if (!life_) return;  // what the last one left behind is dying
  const StopPhase phase = stop_.next();
  set_timer(phase.limit, WorkerEvent::kTimeUp);
  switch (phase.step) {
    case StopStep::kAsk:
      life_->send(config_.stop.signal);
      life_->send(SIGCONT);  // a stopped process could not handle the signal
      return;
    case StopStep::kDump:
      return ask_for_dumps();
    case StopStep::kKill:
      kill_all_below();
      life_->send(SIGKILL);
      return;
  }
}

// Processes that have left the cgroup are found through the process tree. It is read first: once a
// process is being killed, its environment, by which it may be known, can no longer be read.
void Worker::kill_all_below() {
  std::vector<UniqueFd> killed = kill_below(tree());
  life_->kill_cgroup();
  std::ranges::move(killed, std::back_inserter(killed_));
}

// Asks all processes of the worker: one of them may keep another from stopping.
void Worker::ask_for_dumps() {
  asked_for_dumps_.clear();
  for (const int pid : processes()) {
    if (ask_for_stacks(pid)) asked_for_dumps_.insert(pid);
  }
  if (asked_for_dumps_.empty()) continue_stop();
}

std::vector<int> Worker::processes() const {
  if (!life_) return {};
  std::vector<int> pids = {life_->pid()};
  const std::vector<int> others = below(tree());
  pids.insert(pids.end(), others.begin(), others.end());
  return pids;
}

bool Worker::ask_for_stacks(int pid) const {
  return server_.watches(pid) && ask_for_dump(pid, config_.dump_signal);
}

WorkerWatch Worker::watch() const {
  if (!life_) return {};
  return {life_->is_watched(), life_->unwatched(), server_.watched()};
}

std::optional<double> Worker::retry_in_seconds() const {
  if (state_ != WorkerState::kBackoff && state_ != WorkerState::kCrashLoop) return std::nullopt;
  const std::chrono::duration<double> left = timer_at_.value_or(Clock::now()) - Clock::now();
  return std::max(left.count(), 0.0);
}

void Worker::note_dump(int pid) {
  const bool last = asked_for_dumps_.erase(pid) > 0 && asked_for_dumps_.empty();
  if (last && is_being_stopped(state_)) continue_stop();
}

void Worker::escalate_stop() {
  if (is_being_stopped(state_)) handle(WorkerEvent::kTimeUp);
}

void Worker::reset_oom_baseline() {
  if (life_) life_->reset_oom_baseline();
}

void Worker::reconfigure(const WorkerConfig& config) {
  const bool other_policy = config.restart != config_.restart;
  config_ = config;
  if (other_policy) policy_ = RestartPolicy(config_.restart);
  if (life_) life_->limit_output(output_terms().limit);
}

WorkerOutput::Terms Worker::output_terms() const {
  return {config_.name, host_.output_format, config_.output_limit.value_or(host_.output_limit)};
}

void Worker::report(decltype(Event::body) body, std::optional<LastOutput> output,
                    std::int64_t realtime_ns) {
  Event event;
  event.realtime_ns = realtime_ns;
  event.worker = config_.name;
  event.process = process_;
  event.body = std::move(body);
  event.last_output = std::move(output);
  tell(std::move(event));
}

void Worker::tell(Event event) {
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  history_.note(event);
  host_.report(std::move(event));
}

WorkerTree Worker::tree() const {
  return {life_->root_of_tree(), server_.address(),
          [this](int pid) { return server_.watches(pid); }};
}

void Worker::set_timer(std::chrono::milliseconds delay, WorkerEvent event) {
  timer_at_ = Clock::now() + delay;
  timer_.start(delay, [this, event] { handle(event); });
}

void Worker::cancel_timer() {
  timer_at_.reset();
  timer_.cancel();
}

}  // namespace pyfault
