// Whether a worker that has ended is started again, and when. Pure: time and chance are passed in.
//
// Each life that is too short doubles the delay before the next. Too many failures in a window, or
// before the worker was ever ready, are a crash loop: it is then tried again at the longest delay
// only, or not at all.
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
  kFailure,  // another exit code; never started; killed for what it did not do in time
  kCrash,    // any other signal
};

// HUP, INT, TERM and PIPE are clean, as systemd has it. `signal` is 0 where there was none.
DeathKind death_kind(int exit_code, int signal);

struct Death {
  DeathKind kind = DeathKind::kClean;
  std::chrono::steady_clock::time_point at;
  std::string fingerprint;  // of its crash; empty where none is known
};

// What a crash loop looks like from outside.
struct CrashLoop {
  unsigned failures = 0;
  std::chrono::milliseconds within{0};    // from the first of them to the last
  bool ever_ready = false;                // false: it never got as far
  std::vector<std::string> fingerprints;  // different ones, in the order of their first crash
  unsigned unexplained = 0;               // failures without a fingerprint
};

struct RestartDecision {
  enum class Action { kRestart, kStayDown, kGiveUp };

  Action action = Action::kStayDown;
  std::chrono::milliseconds delay{0};  // for kRestart
  bool in_crash_loop = false;
  std::optional<CrashLoop> loop_begun;  // once a loop: this death began it
};

// What it goes on from.
struct RestartMemory {
  struct Failure {
    std::chrono::steady_clock::time_point at;
    std::string fingerprint;

    bool operator==(const Failure&) const = default;
  };

  std::deque<Failure> failures;  // of the last window, oldest first
  unsigned all_failures = 0;
  unsigned short_lives = 0;
  bool ever_ready = false;
  bool in_crash_loop = false;

  bool operator==(const RestartMemory&) const = default;
};

class RestartPolicy {
 public:
  explicit RestartPolicy(RestartSettings settings) : settings_(settings) {}
  RestartPolicy(RestartSettings settings, RestartMemory memory)
      : settings_(settings), memory_(std::move(memory)) {}

  const RestartMemory& memory() const { return memory_; }

  // `chance` is a random number in [-1, 1].
  RestartDecision decide(const Death& death, double chance);

  void note_ready() { memory_.ever_ready = true; }

  // A run of this length after being ready is a healthy one: it takes back the delay, and ends a
  // crash loop with all that led to it. True when there was one.
  std::chrono::milliseconds healthy_after() const;
  bool note_healthy();

  bool in_crash_loop() const { return memory_.in_crash_loop; }
  unsigned short_lives() const { return memory_.short_lives; }  // since the last healthy run

 private:
  bool wants_restart(DeathKind kind) const;
  void count_failure(const Death& death);
  unsigned failures_before_ready() const { return memory_.ever_ready ? 0 : memory_.all_failures; }
  bool is_crash_loop() const;
  CrashLoop summary() const;
  std::chrono::milliseconds base_delay() const;

  RestartSettings settings_;
  RestartMemory memory_;
};

}  // namespace pyfault
