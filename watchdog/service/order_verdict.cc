#include "watchdog/service/order_verdict.h"

#include <cmath>

namespace pyfault {
namespace {

std::string last_words(const WorkerStanding& now) {
  return now.last_exit ? in_words(*now.last_exit) : "it did not start";
}

std::string next_try(const WorkerStanding& now) {
  const long seconds = std::lround(std::ceil(now.retry_in_seconds.value_or(0)));
  return "; it is tried again in " + std::to_string(seconds) + " s";
}

std::optional<Outcome> after_stop(const std::string& worker, const WorkerStanding& now) {
  if (now.in_transition || now.state == WorkerState::kStopping) return std::nullopt;
  if (is_down(now.state)) return Outcome{worker, true, "is stopped"};
  return Outcome{worker, false, "was started again in the meantime"};
}

std::optional<Outcome> after_start(const std::string& worker, const WorkerStanding& now) {
  if (now.in_transition) return std::nullopt;
  switch (now.state) {
    case WorkerState::kUp:
      if (now.pid == 0) return std::nullopt;  // it has just died
      return Outcome{worker, true, "is up, PID " + std::to_string(now.pid)};
    case WorkerState::kBackoff:
    case WorkerState::kCrashLoop:
      return Outcome{worker, false, "has failed: " + last_words(now) + next_try(now)};
    case WorkerState::kExited:
      return Outcome{worker, now.last_exit && now.last_exit->code == 0,
                     "has ended: " + last_words(now)};
    case WorkerState::kFailed:
      return Outcome{worker, false, "has failed and is given up: " + last_words(now)};
    case WorkerState::kStopped:
      return Outcome{worker, false, "was stopped in the meantime"};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Outcome> verdict(Order order, const std::string& worker,
                               const std::optional<WorkerStanding>& now) {
  const bool stops = order == Order::kStop;
  if (!now) return Outcome{worker, stops, "is no longer in the configuration"};
  return stops ? after_stop(worker, *now) : after_start(worker, *now);
}

}  // namespace pyfault
