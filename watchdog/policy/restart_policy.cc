#include "watchdog/policy/restart_policy.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <utility>

namespace pyfault {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kHealthyAtLeast{60'000};

milliseconds scaled(milliseconds delay, double by) {
  return milliseconds(std::llround(static_cast<double>(delay.count()) * by));
}

}  // namespace

DeathKind death_kind(int exit_code, int signal) {
  switch (signal) {
    case 0:
      return exit_code == 0 ? DeathKind::kClean : DeathKind::kFailure;
    case SIGHUP:
    case SIGINT:
    case SIGTERM:
    case SIGPIPE:
      return DeathKind::kClean;
    default:
      return DeathKind::kCrash;
  }
}

RestartDecision RestartPolicy::decide(const Death& death, double chance) {
  if (!wants_restart(death.kind)) return {};
  ++saved_.short_lives;
  if (death.kind != DeathKind::kClean) count_failure(death);
  RestartDecision decision;
  if (!saved_.in_crash_loop && is_crash_loop()) {
    saved_.in_crash_loop = true;
    decision.loop_begun = summary();
  }
  decision.in_crash_loop = saved_.in_crash_loop;
  if (saved_.in_crash_loop && settings_.crash_loop.action == CrashLoopAction::kGiveUp) {
    decision.action = RestartDecision::Action::kGiveUp;
    return decision;
  }
  decision.action = RestartDecision::Action::kRestart;
  decision.delay =
      std::min(scaled(base_delay(), 1 + settings_.backoff.jitter * chance), settings_.backoff.max);
  return decision;
}

milliseconds RestartPolicy::healthy_after() const {
  return std::max(kHealthyAtLeast, 2 * base_delay());
}

bool RestartPolicy::note_healthy() {
  saved_.short_lives = 0;
  if (saved_.in_crash_loop) saved_.failures.clear();
  return std::exchange(saved_.in_crash_loop, false);
}

bool RestartPolicy::wants_restart(DeathKind kind) const {
  switch (settings_.mode) {
    case RestartMode::kNo:
      return false;
    case RestartMode::kOnFailure:
      return kind != DeathKind::kClean;
    case RestartMode::kOnCrash:
      return kind == DeathKind::kCrash;
    case RestartMode::kAlways:
      break;
  }
  return true;
}

void RestartPolicy::count_failure(const Death& death) {
  ++saved_.all_failures;
  saved_.failures.push_back({death.at, death.fingerprint});
  while (saved_.failures.size() > kMaxFailureLimit + 1 ||
         death.at - saved_.failures.front().at > settings_.crash_loop.window) {
    saved_.failures.pop_front();
  }
}

bool RestartPolicy::is_crash_loop() const {
  const CrashLoopLimits& limits = settings_.crash_loop;
  if (limits.before_ready > 0 && failures_before_ready() >= limits.before_ready) return true;
  return limits.failures > 0 && saved_.failures.size() > limits.failures;
}

CrashLoop RestartPolicy::summary() const {
  CrashLoop loop;
  loop.failures = std::max(static_cast<unsigned>(saved_.failures.size()), failures_before_ready());
  loop.within = std::chrono::duration_cast<milliseconds>(saved_.failures.back().at -
                                                         saved_.failures.front().at);
  loop.ever_ready = saved_.ever_ready;
  for (const SavedRestarts::Failure& failure : saved_.failures) {
    if (failure.fingerprint.empty()) {
      ++loop.unexplained;
    } else if (std::ranges::find(loop.fingerprints, failure.fingerprint) ==
               loop.fingerprints.end()) {
      loop.fingerprints.push_back(failure.fingerprint);
    }
  }
  return loop;
}

// The delay of the last restart, before jitter.
milliseconds RestartPolicy::base_delay() const {
  const Backoff& backoff = settings_.backoff;
  if (saved_.in_crash_loop) return backoff.max;
  if (saved_.short_lives == 0) return milliseconds(0);
  const double steps = static_cast<double>(saved_.short_lives - 1);
  const double delay =
      static_cast<double>(backoff.initial.count()) * std::pow(backoff.factor, steps);
  if (delay >= static_cast<double>(backoff.max.count())) return backoff.max;
  return milliseconds(std::llround(delay));
}

}  // namespace pyfault
