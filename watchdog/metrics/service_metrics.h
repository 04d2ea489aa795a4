// The service's metrics for Prometheus: what has happened is counted from its events; what is so
// now is asked of the MetricSources.
//
// Labels are worker, reason and signal, which have few values; not process, crash or fingerprint.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/metrics/metric_family.h"

namespace pyfault {

// What is so now with a worker.
struct WorkerGauges {
  int pid = 0;  // 0: no process
  bool is_up = false;
  bool rests = false;  // down by order of an operator or of the restart policy
  bool in_crash_loop = false;
  double backoff_seconds = 0;         // until it is started again
  std::size_t watched_processes = 0;  // with an active agent
};

struct MetricSources {
  std::function<std::map<std::string, WorkerGauges>()> workers;
  // Resident memory of a process in bytes; nullopt if it is gone.
  std::function<std::optional<std::int64_t>(int pid)> resident_memory;
  // The total number of reports that logs have dropped.
  std::function<std::uint64_t()> dropped_reports;
  // By log name: the errno why it cannot be written to now; else 0.
  std::function<std::map<std::string, int>()> log_errors;
  // The number of processes with an active agent that belong to no worker.
  std::function<std::size_t()> guests;
};

struct Health {
  std::size_t up = 0;
  std::size_t wanted = 0;  // all workers except those that are down on purpose

  bool is_good() const { return up >= wanted; }
};

class ServiceMetrics {
 public:
  explicit ServiceMetrics(MetricSources sources) : sources_(std::move(sources)) {}

  // Sets the present workers. Each has its metrics from now on, even before any event; those of
  // other workers are dropped.
  void set_workers(const std::vector<std::string>& workers);

  void on_event(const Event& event);

  // The past of a worker that a previous watchdog has started.
  struct Adopted {
    std::optional<double> started{};  // Unix time; none: it has no process
    std::uint64_t restarts = 0;
    std::optional<double> last_crash{};              // Unix time
    std::map<std::string, std::uint64_t> exits{};    // by reason; these three are totals
    std::map<std::string, std::uint64_t> crashes{};  // by signal, and by reason
    std::map<std::string, std::uint64_t> unwatched{};
  };
  void adopt(const std::string& worker, const Adopted& adopted);

  // Returns all metrics in Prometheus's text format.
  std::string expose();

  Health health() const;

 private:
  using Type = MetricFamily::Type;

  struct Noter;

  void note_guest(const Event& event);
  void sample();

  const MetricSources sources_;
  std::set<std::string> workers_;

  MetricFamily up_{
      Type::kGauge, "pyfault_worker_up", "Whether the worker runs and is ready.", {"worker"}};
  MetricFamily start_time_{Type::kGauge,
                           "pyfault_worker_start_time_seconds",
                           "When the worker's process was last started, in Unix time.",
                           {"worker"}};
  MetricFamily restarts_{Type::kCounter,
                         "pyfault_worker_restarts_total",
                         "How often the worker was started again.",
                         {"worker"}};
  MetricFamily exits_{Type::kCounter,
                      "pyfault_worker_exits_total",
                      "Ends of the worker's process, by reason.",
                      {"worker", "reason"}};
  MetricFamily crashes_{Type::kCounter,
                        "pyfault_crashes_total",
                        "Crashes of the worker's process and of those below it.",
                        {"worker", "signal"}};
  MetricFamily last_crash_{Type::kGauge,
                           "pyfault_last_crash_timestamp_seconds",
                           "When the worker last crashed, in Unix time.",
                           {"worker"}};
  MetricFamily crash_loop_{Type::kGauge,
                           "pyfault_worker_crash_loop",
                           "Whether the worker fails again and again.",
                           {"worker"}};
  MetricFamily backoff_{Type::kGauge,
                        "pyfault_worker_restart_backoff_seconds",
                        "The time until the worker is started again; 0 if it is not waiting.",
                        {"worker"}};
  MetricFamily resident_{Type::kGauge,
                         "pyfault_worker_resident_memory_bytes",
                         "Resident memory of the worker's own process.",
                         {"worker"}};
  MetricFamily watched_{Type::kGauge,
                        "pyfault_worker_watched_processes",
                        "Processes of the worker whose crash would be recorded.",
                        {"worker"}};
  MetricFamily guests_{
      Type::kGauge, "pyfault_guest_processes", "Watched processes that belong to no worker.", {}};
  MetricFamily guest_crashes_{Type::kCounter,
                              "pyfault_guest_crashes_total",
                              "Crashes of processes that belong to no worker.",
                              {"signal"}};
  MetricFamily unwatched_{Type::kCounter,
                          "pyfault_unwatched_total",
                          "Processes found whose crash would not be reported.",
                          {"worker", "reason"}};
  MetricFamily records_dropped_{Type::kCounter,
                                "pyfault_records_dropped_total",
                                "Crash records for which there was no room.",
                                {}};
  MetricFamily log_failing_{Type::kGauge,
                            "pyfault_log_failing",
                            "Whether the log can't be written to now; its reports are kept.",
                            {"log"}};
  MetricFamily reports_dropped_{Type::kCounter,
                                "pyfault_reports_dropped_total",
                                "Reports that a log could not take and that are lost.",
                                {}};
};

}  // namespace pyfault
