// How a worker is kept alive, as configured by the operator. The defaults suit a service.
#pragma once

#include <chrono>

namespace pyfault {

// After which ends a worker is restarted, unless it was stopped on purpose. The names are
// systemd's.
enum class RestartMode {
  kNo,
  kOnFailure,  // an exit code other than 0, a crash, a failed start
  kOnCrash,    // only a crash
  kAlways,
};

// The delay before a start grows with each run that was too short to count as healthy.
struct Backoff {
  std::chrono::milliseconds initial{1000};
  double factor = 2;                      // at least 1
  std::chrono::milliseconds max{60'000};  // never exceeded, even with jitter
  double jitter = 0.1;                    // random variation, as a share of the delay

  bool operator==(const Backoff&) const = default;
};

enum class CrashLoopAction { kRetry, kGiveUp };

// The number of failures that are remembered, so no limit may be higher.
inline constexpr unsigned kMaxFailureLimit = 1000;

// When failures count as a crash loop. 0 disables a limit.
struct CrashLoopLimits {
  unsigned failures = 5;                      // more than these ...
  std::chrono::milliseconds window{600'000};  // ... within this time
  unsigned before_ready = 3;                  // or this many, if it was never ready
  CrashLoopAction action = CrashLoopAction::kRetry;

  bool operator==(const CrashLoopLimits&) const = default;
};

struct RestartSettings {
  RestartMode mode = RestartMode::kOnFailure;
  Backoff backoff;
  CrashLoopLimits crash_loop;

  bool operator==(const RestartSettings&) const = default;
};

}  // namespace pyfault
