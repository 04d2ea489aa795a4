#include "watchdog/policy/lifecycle.h"

#include <algorithm>
#include <iterator>

namespace pyfault {
namespace {

struct Row {
  WorkerState state;
  WorkerEvent event;
  WorkerStep step;
};

using S = WorkerState;
using E = WorkerEvent;
using A = WorkerAction;

constexpr Row kTable[] = {
    {S::kStopped, E::kStart, {S::kStarting, {A::kResetPolicy, A::kSpawn}}},
    {S::kStopped, E::kRestart, {S::kStarting, {A::kResetPolicy, A::kSpawn}}},

    {S::kStarting, E::kReady, {S::kUp, {A::kReportReady, A::kAwaitHealth}}},
    {S::kStarting, E::kTimeUp, {S::kAborting, {A::kBeginStop}}},
    {S::kStarting, E::kDied, {S::kDying, {A::kCancelTimer}}},
    {S::kStarting, E::kStop, {S::kStopping, {A::kBeginStop}}},
    {S::kStarting, E::kRestart, {S::kRestarting, {A::kBeginStop}}},

    {S::kUp, E::kHealthy, {S::kUp, {A::kNoteHealthy}}},
    {S::kUp, E::kDied, {S::kDying, {A::kCancelTimer}}},
    {S::kUp, E::kStop, {S::kStopping, {A::kBeginStop}}},
    {S::kUp, E::kRestart, {S::kRestarting, {A::kBeginStop}}},

    {S::kDying, E::kRetry, {S::kBackoff, {A::kAwaitRetry}}},
    {S::kDying, E::kRetryInLoop, {S::kCrashLoop, {A::kAwaitRetry}}},
    {S::kDying, E::kStayDown, {S::kExited, {}}},
    {S::kDying, E::kGiveUp, {S::kFailed, {}}},
    {S::kDying, E::kStart, {S::kRestarting, {}}},
    {S::kDying, E::kRestart, {S::kRestarting, {}}},
    {S::kDying, E::kStop, {S::kStopping, {}}},

    {S::kBackoff, E::kTimeUp, {S::kStarting, {A::kSpawnAgain}}},
    {S::kBackoff, E::kStart, {S::kStarting, {A::kResetPolicy, A::kSpawnAgain}}},
    {S::kBackoff, E::kRestart, {S::kStarting, {A::kResetPolicy, A::kSpawnAgain}}},
    {S::kBackoff, E::kStop, {S::kStopped, {A::kCancelTimer}}},

    {S::kCrashLoop, E::kTimeUp, {S::kStarting, {A::kSpawnAgain}}},
    {S::kCrashLoop, E::kStart, {S::kStarting, {A::kResetPolicy, A::kSpawnAgain}}},
    {S::kCrashLoop, E::kRestart, {S::kStarting, {A::kResetPolicy, A::kSpawnAgain}}},
    {S::kCrashLoop, E::kStop, {S::kStopped, {A::kCancelTimer}}},

    {S::kExited, E::kStart, {S::kStarting, {A::kResetPolicy, A::kSpawnAgain}}},
    {S::kExited, E::kRestart, {S::kStarting, {A::kResetPolicy, A::kSpawnAgain}}},
    {S::kExited, E::kStop, {S::kStopped, {}}},

    {S::kFailed, E::kStart, {S::kStarting, {A::kResetPolicy, A::kSpawnAgain}}},
    {S::kFailed, E::kRestart, {S::kStarting, {A::kResetPolicy, A::kSpawnAgain}}},
    {S::kFailed, E::kStop, {S::kStopped, {}}},

    {S::kStopping, E::kTimeUp, {S::kStopping, {A::kContinueStop}}},
    {S::kStopping, E::kStart, {S::kRestarting, {}}},
    {S::kStopping, E::kRestart, {S::kRestarting, {}}},
    {S::kStopping, E::kDied, {S::kStopping, {A::kCancelTimer}}},
    {S::kStopping, E::kEnded, {S::kStopped, {}}},

    {S::kRestarting, E::kTimeUp, {S::kRestarting, {A::kContinueStop}}},
    {S::kRestarting, E::kStop, {S::kStopping, {}}},
    {S::kRestarting, E::kDied, {S::kRestarting, {A::kCancelTimer}}},
    {S::kRestarting, E::kEnded, {S::kStarting, {A::kResetPolicy, A::kSpawnAgain}}},

    {S::kAborting, E::kTimeUp, {S::kAborting, {A::kContinueStop}}},
    {S::kAborting, E::kStop, {S::kStopping, {}}},
    {S::kAborting, E::kRestart, {S::kRestarting, {}}},
    {S::kAborting, E::kDied, {S::kDying, {A::kCancelTimer}}},
};

}  // namespace

WorkerStep next_step(WorkerState state, WorkerEvent event) {
  const auto* row = std::ranges::find_if(
      kTable, [&](const Row& each) { return each.state == state && each.event == event; });
  return row == std::end(kTable) ? WorkerStep{state, {}} : row->step;
}

std::string_view name_of(WorkerState state) {
  switch (state) {
    case S::kStopped:
      return "stopped";
    case S::kStarting:
      return "starting";
    case S::kUp:
      return "up";
    case S::kDying:
      return "dying";
    case S::kBackoff:
      return "backoff";
    case S::kCrashLoop:
      return "crash-loop";
    case S::kExited:
      return "exited";
    case S::kFailed:
      return "failed";
    case S::kStopping:
      return "stopping";
    case S::kRestarting:
      return "restarting";
    case S::kAborting:
      return "aborting";
  }
  return "";
}

bool is_down(WorkerState state) {
  return state == S::kStopped || state == S::kExited || state == S::kFailed;
}

bool is_alive(WorkerState state) {
  return state == S::kStarting || state == S::kUp || is_being_stopped(state);
}

bool is_being_stopped(WorkerState state) {
  return state == S::kStopping || state == S::kRestarting || state == S::kAborting;
}

}  // namespace pyfault
