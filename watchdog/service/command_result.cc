#include "watchdog/service/command_result.h"

#include <fmt/format.h>

#include <cmath>

namespace pyfault {
namespace {

std::string last_words(const WorkerSnapshot& now) {
  return now.history.last_exit ? in_words(*now.history.last_exit) : "it did not start";
}

std::string next_try(const WorkerSnapshot& now) {
  const long seconds = std::lround(std::ceil(now.retry_in_seconds.value_or(0)));
  return fmt::format("; it is tried again in {} s", seconds);
}

std::optional<CommandResult> after_stop(const std::string& worker, const WorkerSnapshot& now) {
  if (now.in_transition || now.state == WorkerState::kStopping) return std::nullopt;
  if (is_down(now.state)) return CommandResult{worker, true, "is stopped"};
  return CommandResult{worker, false, "was started again in the meantime"};
}

std::optional<CommandResult> after_start(const std::string& worker, const WorkerSnapshot& now) {
  if (now.in_transition) return std::nullopt;
  switch (now.state) {
    case WorkerState::kUp:
      return CommandResult{worker, true, fmt::format("is up, PID {}", now.pid)};
    case WorkerState::kBackoff:
    case WorkerState::kCrashLoop:
      return CommandResult{worker, false, "has failed: " + last_words(now) + next_try(now)};
    case WorkerState::kExited:
      return CommandResult{worker, now.history.last_exit && now.history.last_exit->code == 0,
                           "has ended: " + last_words(now)};
    case WorkerState::kFailed:
      return CommandResult{worker, false, "has failed and is given up: " + last_words(now)};
    case WorkerState::kStopped:
      return CommandResult{worker, false, "was stopped in the meantime"};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<CommandResult> command_result(WorkerCommand command, const std::string& worker,
                                            const WorkerSnapshot* now) {
  const bool stops = command == WorkerCommand::kStop;
  if (!now) return CommandResult{worker, stops, "is no longer in the configuration"};
  return stops ? after_stop(worker, *now) : after_start(worker, *now);
}

}  // namespace pyfault
