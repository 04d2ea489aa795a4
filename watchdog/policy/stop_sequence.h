// How a worker is stopped, step by step. Pure.
#pragma once

#include <chrono>

namespace pyfault {

enum class StopStep {
  kAsk,   // by its stop signal
  kDump,  // the stacks of all threads are recorded: what does it do in place of stopping?
  kKill,  // it and everything below it
};

struct StopPhase {
  StopStep step = StopStep::kAsk;
  std::chrono::milliseconds limit{0};  // then the next
};

class StopSequence {
 public:
  // Enough for a process that still can; more would only keep up the stop.
  static constexpr std::chrono::milliseconds kDumpLimit{5000};

  // How long one that can't be killed (it sleeps in the kernel, say) waits to be killed again.
  static constexpr std::chrono::milliseconds kKillAgain{5000};

  explicit StopSequence(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  // The first, then each that follows; the last one over and over.
  StopPhase next();

 private:
  std::chrono::milliseconds timeout_;
  int steps_ = 0;
};

}  // namespace pyfault
