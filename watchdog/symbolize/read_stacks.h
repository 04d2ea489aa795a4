// Unwinds, symbolizes and merges the native stacks of a crash.
#pragma once

#include <chrono>
#include <string>

#include "watchdog/crash/crash.h"
#include "watchdog/symbolize/captured_stack.h"
#include "watchdog/symbolize/process_snapshot.h"

namespace pyfault {

inline constexpr std::chrono::milliseconds kSymbolizeTimeout{2500};

// `first`: the stack of the crash's first thread; those of the others are in the snapshot, whose
// modules are used up. A thread without a stack keeps the reason that it has. `symbolizer`: the
// path of pyfault-symbolizer. Blocks for kSymbolizeTimeout at most, and then returns what is known
// by then. `fetched_directory`: as in SymbolizeRequest.
NativeStacks read_stacks(const Crash& crash, const CapturedStack& first, ProcessSnapshot& snapshot,
                         const std::string& symbolizer, const std::string& fetched_directory);

}  // namespace pyfault
