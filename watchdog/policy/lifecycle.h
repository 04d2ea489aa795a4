// The life of a worker as a table: State x Event -> {State, Actions}. Pure.
//
//              kStart                kReady
//   kStopped ---------> kStarting ----------> kUp        any state with a process in it:
//      ^                  ^   |                |           kStop    -> kStopping   -> kStopped
//      | kEnded    kTimeUp|   | kEnded         | kEnded    kRestart -> kRestarting -> kStarting
//   kStopping             |   v                v
//                     kBackoff, kCrashLoop <- kDeciding -> kExited, kFailed
//
// A pair that the table does not name changes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace pyfault {

enum class WorkerState {
  kStopped,     // nobody wants it up
  kStarting,    // it runs and is not ready yet
  kUp,          // it is ready
  kDeciding,    // it has ended unasked, and the policy is being asked: for a moment only
  kBackoff,     // waits to be started again
  kCrashLoop,   // likewise, and the policy calls it a loop
  kExited,      // stays down, as the policy does not restart it
  kFailed,      // given up
  kStopping,    // is being stopped
  kRestarting,  // is being stopped, to be started again
  kAborting,    // is being stopped for what it did not do; the policy has the word then
};
inline constexpr std::size_t kWorkerStates = 11;

enum class WorkerEvent {
  kStart,  // asked for by an operator, or the supervisor, as the next two
  kStop,
  kRestart,
  kReady,
  kHealthy,  // has been up for long enough
  kTimeUp,   // of the state's time limit
  kEnded,    // the process and what it left behind, or what was to become one
  // The policy's answers.
  kRetry,
  kRetryInLoop,
  kStayDown,
  kGiveUp,
};
inline constexpr std::size_t kWorkerEvents = 11;

enum class WorkerAction {
  kNone,
  kSpawn,       // and limit the time until it is ready
  kSpawnAgain,  // likewise, and say so
  kReportReady,
  kAwaitHealth,
  kForgive,       // the policy: a healthy run
  kForget,        // the policy: an operator begins anew
  kBeginStop,     // and limit the time for each step of it
  kContinueStop,  // by the next step
  kCancelTimer,
  kDecide,  // ask the policy; its answer is the next event
  kReportExit,
  kAwaitRetry,
};

struct WorkerStep {
  WorkerState state = WorkerState::kStopped;
  std::array<WorkerAction, 4> actions{};  // in this order; kNone: no more
};

WorkerStep next_step(WorkerState state, WorkerEvent event);

// "crash-loop": for people, and for status.
std::string_view name_of(WorkerState state);

// Whether it has come to rest, until somebody asks for something.
bool is_down(WorkerState state);

// Whether a process runs, and whether that is on its way out.
bool is_alive(WorkerState state);
bool is_being_stopped(WorkerState state);

}  // namespace pyfault
