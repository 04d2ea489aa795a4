// What the service is to do: the meaning of its configuration file. Plain values, checked.
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

#include "watchdog/log/log_settings.h"
#include "watchdog/metrics/http_address.h"
#include "watchdog/policy/restart_settings.h"

namespace pyfault {

enum class ReadyBy {
  kAlive,   // it has lived for a while
  kNotify,  // it says so: sd_notify(3), READY=1
};

struct Readiness {
  ReadyBy by = ReadyBy::kAlive;
  std::chrono::milliseconds after{1000};       // kAlive
  std::chrono::milliseconds timeout{120'000};  // kNotify; a slow import is no failure. 0: none

  bool operator==(const Readiness&) const = default;
};

struct StopSettings {
  int signal = SIGTERM;
  std::chrono::milliseconds timeout{30'000};  // then its stacks are dumped and it is killed

  bool operator==(const StopSettings&) const = default;
};

enum class OutputMode {
  kCapture,  // to our stdout, each line with time and name
  kInherit,  // it has our stdout and stderr
};

// Of the lines that it may write in an interval; the rest is counted.
struct OutputLimit {
  std::uint64_t lines = 0;  // 0: any number
  std::chrono::milliseconds interval{30'000};

  bool operator==(const OutputLimit&) const = default;
};

// Few programs use any of them, and those that do begin with the first.
inline int default_dump_signal() {
  return SIGRTMIN + 9;
}

struct ResourceLimit {
  int resource = 0;  // RLIMIT_...
  rlim_t soft = 0;
  rlim_t hard = 0;

  bool operator==(const ResourceLimit&) const = default;
};

// One process to keep alive. Of several instances each is a worker of its own.
struct WorkerConfig {
  std::string name;                  // "web", or "web#2" of several instances
  std::vector<std::string> command;  // as after --exec
  std::optional<std::string> python;
  std::string directory;                           // empty: the service's own
  std::string user;                                // empty: the service's own, as the next
  std::string group;                               // empty: the user's
  std::map<std::string, std::string> environment;  // on top of the service's own
  std::optional<mode_t> umask;
  std::vector<ResourceLimit> limits;
  RestartSettings restart;
  Readiness ready;
  StopSettings stop;
  OutputMode output = OutputMode::kCapture;
  std::optional<OutputLimit> output_limit;  // none: journald's where that gets it, else no limit
  // A real-time signal by which it is asked for its stacks; 0: none.
  int dump_signal = default_dump_signal();
  // What it handles itself and another process sends: recorded first.
  std::vector<int> dump_before = {SIGABRT};
  bool all_exits = false;  // of processes below it; else those that were not clean
  int start_order = 0;     // lower ones first; stopped the other way round
  bool essential = false;  // when it is down for good, so is the service

  // Equal workers need no restart.
  bool operator==(const WorkerConfig&) const = default;
};

// Where operators are heard: pyfaultctl's socket.
struct ControlSettings {
  bool enabled = true;
  std::string socket;  // empty: where it goes without saying (watchdog/control/socket_path.h)

  bool operator==(const ControlSettings&) const = default;
};

// What becomes of the workers when the watchdog dies unexpectedly.
enum class WatchdogDeath {
  kLeave,  // they go on, and under systemd the next watchdog with them
  kKill,   // each worker's process is killed by the kernel; not those below it
};

struct Config {
  std::vector<WorkerConfig> workers;  // as in the file, instances counted up
  std::vector<LogSettings> logs;
  WatchdogDeath on_watchdog_death = WatchdogDeath::kLeave;
  std::optional<HttpAddress> metrics;  // none: they are not served
  ControlSettings control;
};

}  // namespace pyfault
