#include "watchdog/policy/stop_sequence.h"

namespace pyfault {

StopPhase StopSequence::next() {
  switch (steps_) {
    case 0:
      ++steps_;
      return {StopStep::kAsk, timeout_};
    case 1:
      ++steps_;
      return {StopStep::kDump, kDumpLimit};
    default:
      return {StopStep::kKill, kKillAgain};
  }
}

}  // namespace pyfault
