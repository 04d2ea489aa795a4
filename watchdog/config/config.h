// The configuration of the service, as validated plain values.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/crash/native.h"
#include "watchdog/event/redaction.h"
#include "watchdog/log/log_settings.h"
#include "watchdog/metrics/http_address.h"
#include "watchdog/policy/restart_settings.h"

namespace pyfault {

enum class ReadyBy {
  kAlive,   // it has been alive for a while
  kNotify,  // it has sent READY=1 (sd_notify(3))
};

struct Readiness {
  ReadyBy by = ReadyBy::kAlive;
  std::chrono::milliseconds after{1000};       // kAlive
  std::chrono::milliseconds timeout{120'000};  // kNotify; long, as imports may be slow. 0: none

  bool operator==(const Readiness&) const = default;
};

struct StopSettings {
  int signal = SIGTERM;
  std::chrono::milliseconds timeout{30'000};  // after that, its stacks are dumped and it is killed

  bool operator==(const StopSettings&) const = default;
};

enum class OutputMode {
  kCapture,  // written to our stdout, each line with time and name
  kInherit,  // the worker inherits our stdout and stderr
};

// The number of lines that a worker may write in an interval. Further lines are only counted.
struct OutputLimit {
  std::uint64_t lines = 0;  // 0: any number
  std::chrono::milliseconds interval{30'000};

  bool operator==(const OutputLimit&) const = default;
};

// Few programs use real-time signals, and those that do start with the first ones.
inline int default_dump_signal() {
  return SIGRTMIN + 9;
}

struct ResourceLimit {
  int resource = 0;  // RLIMIT_...
  rlim_t soft = 0;
  rlim_t hard = 0;

  bool operator==(const ResourceLimit&) const = default;
};

// One process to keep alive. Each of several instances is a worker of its own.
struct WorkerConfig {
  std::string name;                  // "web", or "web#2" for one of several instances
  std::vector<std::string> command;  // as after --exec
  std::optional<std::string> python;
  std::string directory;                           // empty: the service's own
  std::string user;                                // empty: the service's own
  std::string group;                               // empty: the user's, or the service's own
  std::map<std::string, std::string> environment;  // on top of the service's own
  std::optional<mode_t> umask;
  std::vector<ResourceLimit> limits;
  RestartSettings restart;
  Readiness ready;
  StopSettings stop;
  OutputMode output = OutputMode::kCapture;
  std::optional<OutputLimit>
      output_limit;  // none: journald's limit if output goes there, else none
  // The real-time signal that requests its stacks; 0: none.
  int dump_signal = default_dump_signal();
  // Signals that another process sends and the worker handles itself: its stacks are recorded
  // before its handler runs.
  std::vector<int> dump_before = {SIGABRT};
  bool all_exits = false;  // report all exits of its descendants; else only those not clean
  NativeMode native = NativeMode::kOn;
  bool restart_tainted = false;  // once it is idle, after a fault has become an exception
  int start_order = 0;           // lower ones start first and stop last
  bool essential = false;        // when it is down for good, the service ends
  // What it was read from: a file of its own, with this worker and [defaults] (parse_worker()).
  std::string text;

  // Equal workers need no restart.
  bool operator==(const WorkerConfig&) const = default;
};

// The control socket, for pyfaultctl.
struct ControlSettings {
  bool enabled = true;
  std::string socket;  // empty: the default path (watchdog/control/socket_path.h)

  bool operator==(const ControlSettings&) const = default;
};

// What happens to the workers when the watchdog dies unexpectedly.
enum class WatchdogDeath {
  kLeave,  // they keep running; under systemd, the next watchdog takes them over
  kKill,   // the kernel kills each worker's own process, but not its descendants
};

struct Config {
  std::vector<WorkerConfig> workers;  // in the order of the file, one for each instance
  std::vector<LogSettings> logs;
  WatchdogDeath on_watchdog_death = WatchdogDeath::kLeave;
  std::string minidumps;                // the directory for them; empty: none are written
  std::vector<std::string> debuginfod;  // URLs of its servers
  RedactionSettings redaction;
  bool guests = true;  // processes that are no workers may attach (watchdog/service/guests.h)
  std::optional<HttpAddress> metrics;  // none: metrics are not served
  ControlSettings control;
};

}  // namespace pyfault
