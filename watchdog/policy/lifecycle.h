// The lifecycle of a worker as a table: State x Event -> {State, Actions}. No side effects.
//
//              kStart                kReady
//   kStopped ---------> kStarting ----------> kUp        any state with a process in it:
//      ^                  ^   |                |           kStop    -> kStopping   -> kStopped
//      | kEnded    kTimeUp|   | kDied          | kDied     kRestart -> kRestarting -> kStarting
//   kStopping             |   v                v
//                     kBackoff, kCrashLoop <- kDying -> kExited, kFailed
//
// A worker dies (kDied) before it has ended: what it left behind is killed first. The end is
// followed by the restart policy's verdict, or, if it was asked for, by kEnded. A pair that is not
// in the table changes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace pyfault {

enum class WorkerState {
  kStopped,     // not wanted up
  kStarting,    // runs, but is not ready yet
  kUp,          // is ready
  kDying,       // its process is dead, unasked; what it left behind is still dying
  kBackoff,     // waits to be started again
  kCrashLoop,   // the same, in what the policy considers a crash loop
  kExited,      // stays down, as the policy does not restart it
  kFailed,      // given up
  kStopping,    // is being stopped
  kRestarting,  // is being stopped, to be started again
  kAborting,    // missed its start timeout; it is being stopped, then the restart policy decides
};
inline constexpr std::size_t kWorkerStates = 11;

enum class WorkerEvent {
  kStart,  // by an operator or the supervisor, like the next two
  kStop,
  kRestart,
  kReady,
  kHealthy,  // has been up for long enough
  kTimeUp,   // the state's time limit has passed
  kDied,     // the process is dead, or its start has failed
  kEnded,    // what it left behind is gone too; its end was asked for
  // The same where it was not asked for, with the policy's verdict:
  kRetry,
  kRetryInLoop,
  kStayDown,
  kGiveUp,
};
inline constexpr std::size_t kWorkerEvents = 12;

enum class WorkerAction {
  kNone,
  kSpawn,       // and limit the time until it is ready
  kSpawnAgain,  // the same, and report it
  kReportReady,
  kAwaitHealth,
  kNoteHealthy,   // tell the policy about a healthy run
  kResetPolicy,   // reset the policy, because an operator intervened
  kBeginStop,     // and limit the time of each step
  kContinueStop,  // with the next step
  kCancelTimer,
  kAwaitRetry,
};

struct WorkerStep {
  WorkerState state = WorkerState::kStopped;
  std::array<WorkerAction, 2> actions{};  // in this order, up to the first kNone
};

WorkerStep next_step(WorkerState state, WorkerEvent event);

// "crash-loop" and so on, for people and for status.
std::string_view name_of(WorkerState state);

// Whether it is at rest until an operator asks for something.
bool is_down(WorkerState state);

// is_alive(): whether a process runs. is_being_stopped(): whether that process is being stopped.
bool is_alive(WorkerState state);
bool is_being_stopped(WorkerState state);

}  // namespace pyfault
