// How a worker is kept alive, as the operator wants it. The defaults are a service's.
#pragma once

#include <chrono>

namespace pyfault {

// After which ends a worker that nobody stopped is started again; the words are systemd's.
enum class RestartMode {
  kNo,
  kOnFailure,  // an exit code other than 0, a crash, a failed start
  kOnCrash,    // a crash only
  kAlways,
};

// The wait before a start grows with each life that was too short to be called healthy.
struct Backoff {
  std::chrono::milliseconds initial{1000};
  double factor = 2;                      // at least 1
  std::chrono::milliseconds max{60'000};  // never exceeded, jitter or not
  double jitter = 0.1;                    // up to this share is added or taken, at random

  bool operator==(const Backoff&) const = default;
};

enum class CrashLoopAction { kRetry, kGiveUp };

// More failures than these are not remembered, so that no limit may be higher.
inline constexpr unsigned kMaxFailureLimit = 1000;

// When failures are taken for a loop. 0 switches a limit off.
struct CrashLoopLimits {
  unsigned failures = 5;                      // more than these ...
  std::chrono::milliseconds window{600'000};  // ... within this time
  unsigned before_ready = 3;                  // or these, when it was never ready
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
