// What a watchdog must know of a worker to go on with it where another has been: all that its
// descriptors don't say. Plain values, and the bytes that they become.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/config/config.h"
#include "watchdog/control/worker_history.h"
#include "watchdog/event/event.h"
#include "watchdog/ingest/session_memory.h"
#include "watchdog/policy/lifecycle.h"
#include "watchdog/policy/repeated_crashes.h"
#include "watchdog/policy/restart_policy.h"

namespace pyfault {

struct CrashMemory {
  std::string id;
  std::string fingerprint;
  int signal = 0;
  bool fatal = false;
};

// What it wrote that has not become a line yet, and the last of all that it wrote.
struct OutputMemory {
  std::string begun_out;
  std::string begun_err;
  std::string tail;
  std::string err_tail;  // of stderr alone
};

struct LifeMemory {
  int pid = 0;
  std::uint64_t start_ticks = 0;  // the process's, to tell it from one that has its number now
  std::chrono::steady_clock::time_point started;
  Process process;  // as last seen
  std::optional<CrashMemory> crash;
  bool records_left_out = false;
  std::vector<int> replaced;           // handlers, by signal
  std::optional<OutputMemory> output;  // none: nobody had the time to say
};

// Of a monotonic clock, which does not start anew with us.
struct WorkerMemory {
  WorkerConfig config;
  WorkerState state = WorkerState::kStopped;
  std::uint64_t restarts = 0;
  WorkerHistory history;
  int exit_code = 0;
  bool begun = true;  // false: workers of a lower start order were not up yet
  bool held = false;  // down, as an operator has it
  RestartMemory policy;
  RepeatedCrashes::Memory crashes;
  std::optional<std::chrono::steady_clock::time_point> timer;  // when the state's time is up
  std::chrono::milliseconds delay{0};                          // of the last restart
  std::optional<LifeMemory> life;
  std::vector<SessionMemory> sessions;
};

std::string encode(const WorkerMemory& memory);

// None when the bytes are of another version, or contradict themselves.
std::optional<WorkerMemory> decode_worker(std::string_view bytes);

}  // namespace pyfault
