// The state of a worker that the next watchdog needs to take it over, except for its descriptors.
// Plain values, and their serialization.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/config/config.h"
#include "watchdog/control/worker_history.h"
#include "watchdog/event/event.h"
#include "watchdog/ingest/saved_crash.h"
#include "watchdog/ingest/saved_session.h"
#include "watchdog/ingest/unwatched_process.h"
#include "watchdog/policy/crash_deduplicator.h"
#include "watchdog/policy/worker_lifecycle.h"
#include "watchdog/process_history.h"

namespace pyfault {

// Output that is not a complete line yet, and the end of all its output.
struct SavedOutput {
  std::string begun_out;
  std::string begun_err;
  std::string tail;
  std::string err_tail;  // of stderr alone
};

struct SavedProcess {
  int pid = 0;
  std::uint64_t start_ticks = 0;  // tells the process from one that has reused its number
  std::chrono::steady_clock::time_point started;
  SavedProcessHistory history;
  std::optional<SavedOutput> output;  // nullopt: it was not available in time
};

// Times are CLOCK_MONOTONIC, so they stay valid across a restart of the watchdog.
struct SavedWorker {
  WorkerConfig config;  // saved as its text, which the next watchdog parses
  SavedLifecycle lifecycle;
  WorkerHistory history;
  int exit_code = 0;
  CrashDeduplicator::Saved crashes;
  std::optional<std::chrono::steady_clock::time_point> timer;  // when the state's time limit passes
  std::optional<SavedProcess> process;
  std::vector<SavedSession> sessions;
  std::vector<SavedCrash> recent;                 // that its processes may ask for
  std::vector<UnwatchedProcess> unwatched_below;  // of which the log has been told
};

// The state of the processes without a worker.
struct SavedGuests {
  std::vector<SavedSession> sessions;
  std::vector<SavedCrash> recent;
};

// What of all that may be asked for is saved.
inline constexpr RecentLimits kSavedCrashes{.crashes = 8, .bytes = std::size_t{1} << 20};

std::string encode(const SavedWorker& saved);

// Returns nullopt if the bytes have another version or are inconsistent.
std::optional<SavedWorker> decode_worker(std::string_view bytes);

std::string encode(const SavedGuests& saved);
std::optional<SavedGuests> decode_guests(std::string_view bytes);

}  // namespace pyfault
