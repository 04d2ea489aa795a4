#include "watchdog/process_history.h"

#include <algorithm>
#include <csignal>
#include <iterator>

#include "watchdog/crash/signal_names.h"
#include "watchdog/event/wait_status.h"

namespace pyfault {
namespace {

// The signals that the agent handles. Others, such as SIGKILL or SIGTERM, never leave a record.
bool leaves_record(int signal) {
  constexpr int kRecorded[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGABRT,
                               SIGTRAP, SIGSYS, SIGXCPU, SIGXFSZ, SIGQUIT};
  return std::ranges::find(kRecorded, signal) != std::end(kRecorded);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

ExitEvent describe(const ChildEnd& end) {
  ExitEvent exit = exit_of(end.wait_status);
  if (exit.signal == SIGKILL && end.oom_kills_rose) exit.reason = ExitReason::kOomKilled;
  if (!end.usage) return exit;
  exit.max_rss_bytes = std::int64_t{end.usage->ru_maxrss} * 1024;
  exit.user_seconds = seconds(end.usage->ru_utime);
  exit.system_seconds = seconds(end.usage->ru_stime);
  return exit;
}

}  // namespace

ProcessHistory::ProcessHistory(SavedProcessHistory saved)
    : process_(std::move(saved.process)),
      last_crash_(std::move(saved.last_crash)),
      left_out_(saved.records_left_out),
      replaced_(saved.replaced.begin(), saved.replaced.end()) {}

SavedProcessHistory ProcessHistory::saved() const {
  return {process_, last_crash_, left_out_, {replaced_.begin(), replaced_.end()}};
}

void ProcessHistory::on_event(const Event& event) {
  if (event.process.pid != process_.pid) return;
  if (const auto* replaced = std::get_if<HandlerReplacedEvent>(&event.body)) {
    replaced_.insert(replaced->signal);
  }
  if (const auto* notice = std::get_if<NoticeEvent>(&event.body)) {
    left_out_ |= notice->dropped_records > 0;
  }
  if (const auto* unwatched = std::get_if<UnwatchedEvent>(&event.body)) {
    watched_ = false;
    unwatched_ = unwatched->why;
  }
  const auto* crash = std::get_if<Crash>(&event.body);
  if (!crash || crash->kind != CrashKind::kCrash) return;
  process_ = event.process;
  last_crash_ = OwnCrash{crash->id, crash->fingerprint, crash->signal.number, crash->fatal};
}

void ProcessHistory::on_attach(const Process& process) {
  if (process.pid != process_.pid) return;
  process_ = process;
  watched_ = true;
  unwatched_.reset();
}

void ProcessHistory::on_last_context(int pid, const Context& context) {
  if (pid == process_.pid) context_ = context;
}

Event ProcessHistory::start_event() const {
  Event event;
  event.process = process_;
  event.body = StartEvent{};
  return event;
}

Event ProcessHistory::exit_event(const ChildEnd& end, double uptime_seconds) const {
  ExitEvent exit = end.is_known ? describe(end) : describe_unknown_end();
  exit.uptime_seconds = uptime_seconds;
  if (ended_by_crash(exit)) {
    exit.crash_id = last_crash_->id;
    exit.crash_signal = last_crash_->signal;
  }
  exit.record_left_out = left_out_ && exit.signal && leaves_record(*exit.signal);
  exit.handler_replaced = handler_replaced(exit);
  exit.unwatched = why_no_record(exit, end);
  exit.context = context_;
  Event event;
  event.process = process_;
  event.body = std::move(exit);
  return event;
}

bool ProcessHistory::lacks_record(const ExitEvent& exit) {
  return leaves_record(exit.signal.value_or(0)) && !exit.crash_id && !exit.record_left_out;
}

std::optional<bool> ProcessHistory::handler_replaced(const ExitEvent& exit) const {
  if (exit.signal && replaced_.contains(*exit.signal)) return true;
  return lacks_record(exit) ? std::nullopt : std::optional(false);
}

std::optional<Unwatched> ProcessHistory::why_no_record(const ExitEvent& exit,
                                                       const ChildEnd& end) const {
  const int signal = exit.signal.value_or(0);
  if (!lacks_record(exit)) return std::nullopt;
  if (exit.handler_replaced.value_or(false)) {
    return pyfault::unwatched(UnwatchedReason::kHandlerReplaced, signal_name(signal));
  }
  if (unwatched_) return unwatched_;
  if (!watched_) return pyfault::unwatched(UnwatchedReason::kNotPython);
  const bool caught = (end.caught_signals.value_or(~std::uint64_t{0}) >> (signal - 1) & 1) != 0;
  const bool may_have_run = caught || signal == SIGSYS;  // seccomp may kill without the handler
  return pyfault::unwatched(
      may_have_run ? UnwatchedReason::kHandlerUnknown : UnwatchedReason::kHandlerBypassed,
      signal_name(signal));
}

// Without a wait status, a fatal crash is the only evidence of how the program ended.
ExitEvent ProcessHistory::describe_unknown_end() const {
  ExitEvent exit;
  exit.reason = ExitReason::kUnknown;
  exit.detail = "it was no longer our child when it ended";
  if (last_crash_ && last_crash_->fatal) {
    exit.signal = last_crash_->signal;
    exit.reason = ExitReason::kSignaled;
    exit.detail += "; the signal is that of its crash record";
  }
  return exit;
}

bool ProcessHistory::ended_by_crash(const ExitEvent& exit) const {
  if (!last_crash_) return false;
  if (!exit.signal) return exit.code.value_or(0) != 0;
  return last_crash_->fatal || *exit.signal == last_crash_->signal;
}

}  // namespace pyfault
