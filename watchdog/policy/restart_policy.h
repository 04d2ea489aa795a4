// Decides whether a worker that has ended is restarted, and when. No side effects: time and
// randomness are passed in.
//
// Each run that is too short increases the delay before the next. Too many failures in a window, or
// before the worker was ever ready, are a crash loop: it is then retried only at the longest delay,
// or not at all.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "watchdog/policy/restart_settings.h"

namespace pyfault {

enum class DeathKind {
  kClean,    // exit code 0, or a signal that asks a program to end
  kFailure,  // another exit code; never started; killed after a timeout
  kCrash,    // any other signal
};

// HUP, INT, TERM and PIPE are clean, as in systemd. `signal` is 0 if there was none.
DeathKind death_kind(int exit_code, int signal);

struct Death {
  DeathKind kind = DeathKind::kClean;
  std::chrono::steady_clock::time_point at;
  std::string fingerprint;  // of its crash; empty if unknown
};

// Describes a crash loop for its event.
struct CrashLoop {
  unsigned failures = 0;
  std::chrono::milliseconds within{0};    // from the first to the last of them
  bool ever_ready = false;                // false: the worker was never ready
  std::vector<std::string> fingerprints;  // distinct ones, in the order of their first crash
  unsigned unexplained = 0;               // failures without a fingerprint
};

struct RestartDecision {
  enum class Action { kRestart, kStayDown, kGiveUp };

  Action action = Action::kStayDown;
  std::chrono::milliseconds delay{0};  // for kRestart
  bool in_crash_loop = false;
  std::optional<CrashLoop> loop_begun;  // set once per loop, for the death that began it
};

// The policy's state.
struct SavedRestarts {
  struct Failure {
    std::chrono::steady_clock::time_point at;
    std::string fingerprint;

    bool operator==(const Failure&) const = default;
  };

  std::deque<Failure> failures;  // in the last window, oldest first
  unsigned all_failures = 0;
  unsigned short_lives = 0;
  bool ever_ready = false;
  bool in_crash_loop = false;

  bool operator==(const SavedRestarts&) const = default;
};

class RestartPolicy {
 public:
  explicit RestartPolicy(RestartSettings settings) : settings_(settings) {}
  RestartPolicy(RestartSettings settings, SavedRestarts saved)
      : settings_(settings), saved_(std::move(saved)) {}

  const SavedRestarts& saved() const { return saved_; }

  // `chance` is a random number in [-1, 1].
  RestartDecision decide(const Death& death, double chance);

  void note_ready() { saved_.ever_ready = true; }

  // A run of healthy_after() since being ready is healthy: it resets the delay, and ends a crash
  // loop with all that led to it. note_healthy() returns whether there was one.
  std::chrono::milliseconds healthy_after() const;
  bool note_healthy();

  bool in_crash_loop() const { return saved_.in_crash_loop; }
  unsigned short_lives() const { return saved_.short_lives; }  // since the last healthy run

 private:
  bool wants_restart(DeathKind kind) const;
  void count_failure(const Death& death);
  unsigned failures_before_ready() const { return saved_.ever_ready ? 0 : saved_.all_failures; }
  bool is_crash_loop() const;
  CrashLoop summary() const;
  std::chrono::milliseconds base_delay() const;

  RestartSettings settings_;
  SavedRestarts saved_;
};

}  // namespace pyfault
