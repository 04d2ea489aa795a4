#include "watchdog/crash/guard_outcome.h"

namespace pyfault {

std::optional<GuardWords> words_of(GuardOutcome outcome) {
  switch (outcome) {
    case GuardOutcome::kException:
      return GuardWords{"", "open: the fault became an exception, and the process goes on"};
    case GuardOutcome::kNoHardwareFault:
      return GuardWords{"no-fault", "open, but no exception: the signal is not that of a fault"};
    case GuardOutcome::kInterpreter:
      return GuardWords{"interpreter",
                        "open, but no exception: this build of the interpreter allows none"};
    case GuardOutcome::kNoPythonCall:
      return GuardWords{"no-call",
                        "open, but no exception: no call from Python was found on the stack"};
    case GuardOutcome::kNoObject:
      return GuardWords{"no-object",
                        "open, but no exception: Python expected no object from the C code"};
    case GuardOutcome::kInAllocator:
      return GuardWords{"allocator", "open, but no exception: the fault was in a memory allocator"};
    case GuardOutcome::kInLoader:
      return GuardWords{"loader", "open, but no exception: the fault was in the dynamic linker"};
    case GuardOutcome::kInCollector:
      return GuardWords{"collector",
                        "open, but no exception: the fault was in the garbage collector"};
    case GuardOutcome::kNoStack:
      return GuardWords{"stack", "open, but no exception: too little of the stack was left"};
    case GuardOutcome::kTailCalls:
      return GuardWords{"tail-call", "open, but no exception: this is a tail-call interpreter"};
  }
  return std::nullopt;
}

}  // namespace pyfault
