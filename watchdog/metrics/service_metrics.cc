#include "watchdog/metrics/service_metrics.h"

#include <algorithm>

namespace pyfault {
namespace {

// Microsecond resolution; a double cannot represent more.
double seconds(std::int64_t realtime_ns) {
  const std::int64_t microseconds = realtime_ns / 1000;
  return static_cast<double>(microseconds) / 1e6;
}

// Initialized to 0, because Prometheus's increase() misses the first increment of a new series.
constexpr ExitReason kExpectedReasons[] = {ExitReason::kExited,       ExitReason::kSignaled,
                                           ExitReason::kOomKilled,    ExitReason::kStopped,
                                           ExitReason::kStartTimeout, ExitReason::kStartFailed};
constexpr const char* kExpectedSignals[] = {"SIGABRT", "SIGBUS", "SIGFPE", "SIGILL",
                                            "SIGSEGV", "SIGSYS", "SIGTRAP"};

bool stays_down(const ExitEvent& exit) {
  return exit.reason == ExitReason::kStopped ||
         (exit.after && exit.after->decision == AfterExit::Decision::kStayDown);
}

}  // namespace

// Applies an event to a known worker.
struct ServiceMetrics::Noter {
  ServiceMetrics& metrics;
  const Event& event;
  const std::string& name;
  Worker& worker;

  template <typename Other>
  void operator()(const Other&) const {}

  void operator()(const StartEvent&) const {
    worker = {event.process.pid, false, false};
    metrics.start_time_.at({name}) = seconds(event.realtime_ns);
    metrics.backoff_.at({name}) = 0;
  }

  void operator()(const ReadyEvent&) const { worker.up = true; }

  void operator()(const RestartEvent&) const { ++metrics.restarts_.at({name}); }

  void operator()(const Crash& crash) const {
    if (crash.kind != CrashKind::kCrash) return;
    ++metrics.crashes_.at({name, crash.signal.name});
    metrics.last_crash_.at({name}) = seconds(event.realtime_ns);
  }

  void operator()(const ExitEvent& exit) const {
    if (exit.is_below) return;
    worker = {0, false, stays_down(exit)};
    ++metrics.exits_.at({name, std::string(name_of(exit.reason))});
    metrics.backoff_.at({name}) = exit.after ? exit.after->delay_seconds : 0;
  }

  void operator()(const CrashLoopEvent&) const { metrics.crash_loop_.at({name}) = 1; }

  void operator()(const RecoveredEvent&) const { metrics.crash_loop_.at({name}) = 0; }

  void operator()(const UnwatchedEvent& unwatched) const {
    ++metrics.unwatched_.at({name, std::string(name_of(unwatched.why.reason))});
  }
};

void ServiceMetrics::set_workers(const std::vector<std::string>& workers) {
  std::erase_if(workers_, [&](const auto& worker) {
    return std::find(workers.begin(), workers.end(), worker.first) == workers.end();
  });
  for (MetricFamily* family : {&up_, &start_time_, &restarts_, &exits_, &crashes_, &last_crash_,
                               &crash_loop_, &backoff_, &resident_, &watched_, &unwatched_}) {
    family->keep_only(workers);
  }
  for (const std::string& name : workers) {
    workers_.try_emplace(name);
    for (MetricFamily* family : {&up_, &restarts_, &crash_loop_, &backoff_}) family->at({name});
    for (const ExitReason reason : kExpectedReasons) {
      exits_.at({name, std::string(name_of(reason))});
    }
    for (const char* signal : kExpectedSignals) crashes_.at({name, signal});
  }
}

void ServiceMetrics::on_event(const Event& event) {
  if (const auto* notice = std::get_if<NoticeEvent>(&event.body)) {
    records_dropped_.at({}) += static_cast<double>(notice->dropped_records);
  }
  if (!event.worker) return note_guest(event);
  const auto worker = workers_.find(*event.worker);
  if (worker == workers_.end()) return;
  std::visit(Noter{*this, event, worker->first, worker->second}, event.body);
}

void ServiceMetrics::note_guest(const Event& event) {
  const auto* crash = std::get_if<Crash>(&event.body);
  if (crash == nullptr || crash->kind != CrashKind::kCrash) return;
  ++guest_crashes_.at({crash->signal.name});
}

void ServiceMetrics::adopt(const std::string& worker, const Adopted& adopted) {
  const auto known = workers_.find(worker);
  if (known == workers_.end()) return;
  known->second = {adopted.pid, adopted.up, false};
  restarts_.at({worker}) = static_cast<double>(adopted.restarts);
  const auto take = [&](MetricFamily& family, const std::map<std::string, std::uint64_t>& counts) {
    for (const auto& [kind, count] : counts) {
      family.at({worker, kind}) = static_cast<double>(count);
    }
  };
  take(exits_, adopted.exits);
  take(crashes_, adopted.crashes);
  take(unwatched_, adopted.unwatched);
  if (adopted.last_crash) last_crash_.at({worker}) = *adopted.last_crash;
  if (adopted.pid != 0) start_time_.at({worker}) = adopted.started;
}

void ServiceMetrics::sample() {
  for (const auto& [name, worker] : workers_) {
    up_.at({name}) = worker.up ? 1 : 0;
    const auto resident = worker.pid > 0 ? sources_.resident_memory(worker.pid) : std::nullopt;
    resident_.at({name}) = static_cast<double>(resident.value_or(0));
  }
  for (const auto& [name, processes] : sources_.watched_processes()) {
    if (workers_.contains(name)) watched_.at({name}) = static_cast<double>(processes);
  }
  guests_.at({}) = static_cast<double>(sources_.guests());
  for (const char* signal : kExpectedSignals) guest_crashes_.at({signal});
  log_failing_.keep_only({});
  for (const auto& [name, error] : sources_.log_errors()) {
    log_failing_.at({name}) = error == 0 ? 0 : 1;
  }
  records_dropped_.at({});
  reports_dropped_.at({}) = static_cast<double>(sources_.dropped_reports());
}

std::string ServiceMetrics::expose() {
  sample();
  std::string text;
  for (const MetricFamily* family :
       {&up_, &start_time_, &restarts_, &exits_, &crashes_, &last_crash_, &crash_loop_, &backoff_,
        &resident_, &watched_, &unwatched_, &guests_, &guest_crashes_, &log_failing_,
        &records_dropped_, &reports_dropped_}) {
    family->append_to(text);
  }
  return text;
}

Health ServiceMetrics::health() const {
  Health health;
  for (const auto& [name, worker] : workers_) {
    if (worker.up) ++health.up;
    if (!worker.rests) ++health.wanted;
  }
  return health;
}

}  // namespace pyfault
