// The steps of stopping a worker. No side effects.
#pragma once

#include <chrono>

namespace pyfault {

enum class StopStep {
  kAsk,   // send its stop signal
  kDump,  // record the stacks of all threads, which show what keeps it from stopping
  kKill,  // kill it and all its descendants
};

struct StopPhase {
  StopStep step = StopStep::kAsk;
  std::chrono::milliseconds limit{0};  // then the next step follows
};

class StopSequence {
 public:
  // Enough for a process that can still record them; more would only delay the stop.
  static constexpr std::chrono::milliseconds kDumpLimit{5000};

  // The interval of further kills for a process that does not die, e.g. in uninterruptible sleep.
  static constexpr std::chrono::milliseconds kKillAgain{5000};

  explicit StopSequence(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  // Returns the first phase, then each that follows; the last one repeats.
  StopPhase next();

 private:
  std::chrono::milliseconds timeout_;
  int steps_ = 0;
};

}  // namespace pyfault
