#include "watchdog/metrics/service_metrics.h"

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

}  // namespace

// Applies an event to a known worker.
struct ServiceMetrics::Noter {
  ServiceMetrics& metrics;
  const Event& event;
  const std::string& name;

  template <typename Other>
  void operator()(const Other&) const {}

  void operator()(const StartEvent&) const {
    metrics.start_time_.at({name}) = seconds(event.realtime_ns);
  }

  void operator()(const RestartEvent&) const { ++metrics.restarts_.at({name}); }

  void operator()(const Crash& crash) const {
    if (crash.kind != CrashKind::kCrash) return;
    ++metrics.crashes_.at({name, crash.signal.name});
    metrics.last_crash_.at({name}) = seconds(event.realtime_ns);
  }

  void operator()(const ExitEvent& exit) const {
    if (exit.is_below) return;
    ++metrics.exits_.at({name, std::string(name_of(exit.reason))});
  }

  void operator()(const UnwatchedEvent& unwatched) const {
    ++metrics.unwatched_.at({name, std::string(name_of(unwatched.why.reason))});
  }
};

void ServiceMetrics::set_workers(const std::vector<std::string>& workers) {
  workers_ = {workers.begin(), workers.end()};
  for (MetricFamily* family : {&up_, &start_time_, &restarts_, &exits_, &crashes_, &last_crash_,
                               &crash_loop_, &backoff_, &resident_, &watched_, &unwatched_}) {
    family->keep_only(workers);
  }
  for (const std::string& name : workers) {
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
  std::visit(Noter{*this, event, *worker}, event.body);
}

void ServiceMetrics::note_guest(const Event& event) {
  const auto* crash = std::get_if<Crash>(&event.body);
  if (crash == nullptr || crash->kind != CrashKind::kCrash) return;
  ++guest_crashes_.at({crash->signal.name});
}

void ServiceMetrics::adopt(const std::string& worker, const Adopted& adopted) {
  if (!workers_.contains(worker)) return;
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
  if (adopted.started) start_time_.at({worker}) = *adopted.started;
}

void ServiceMetrics::sample() {
  for (const auto& [name, worker] : sources_.workers()) {
    if (!workers_.contains(name)) continue;
    up_.at({name}) = worker.is_up ? 1 : 0;
    crash_loop_.at({name}) = worker.in_crash_loop ? 1 : 0;
    backoff_.at({name}) = worker.backoff_seconds;
    watched_.at({name}) = static_cast<double>(worker.watched_processes);
    const auto resident = worker.pid > 0 ? sources_.resident_memory(worker.pid) : std::nullopt;
    resident_.at({name}) = static_cast<double>(resident.value_or(0));
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
  for (const auto& [name, worker] : sources_.workers()) {
    if (!workers_.contains(name)) continue;
    if (worker.is_up) ++health.up;
    if (!worker.rests) ++health.wanted;
  }
  return health;
}

}  // namespace pyfault
